# Downloads packages with what they need and the machine lacks, and unpacks them, without root.
#
# Usage: sh -euc TEXT sh FOLDER PACKAGE...
folder=$1
shift
own="$folder/apt"
mkdir -p "$own/state/lists/partial" "$own/cache/archives/partial"
get() {
    apt-get --quiet --quiet --yes -o "Dir::State=$own/state" -o "Dir::Cache=$own/cache" \
        -o Dir::State::status=/var/lib/dpkg/status -o Debug::NoLocking=true -o APT::Sandbox::User= \
        -o APT::Update::Post-Invoke-Success::= -o APT::Update::Post-Invoke::= "$@"
}
get update
get --no-install-recommends --download-only install "$@"
for package in "$own"/cache/archives/*.deb; do
    # Where /lib and others are links, so they are here: packages have files in both.
    for name in bin lib lib64 sbin; do
        if [ -L "/$name" ] && [ ! -e "$folder/$name" ]; then
            mkdir -p "$folder/usr/$name"
            ln -s "usr/$name" "$folder/$name"
        fi
    done
    dpkg-deb --fsys-tarfile "$package" |
        tar --extract --keep-directory-symlink --no-same-owner --no-same-permissions \
            --directory "$folder"
done
rm -r "$own"
