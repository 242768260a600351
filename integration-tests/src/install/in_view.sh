exec unshare --user --map-root-user --mount -- sh -euc '
folder=$1 user=$2 group=$3
shift 3
for name in usr etc; do
    if [ -d "$folder/$name" ]; then
        mount -t overlay overlay -o "lowerdir=$folder/$name:/$name" "/$name"
    fi
done
# Root is root already, and may mount more.
if [ "$user" = 0 ]; then exec "$@"; fi
exec unshare --user "--map-user=$user" "--map-group=$group" -- "$@"
' sh "$folder" "$(id -u)" "$(id -g)" "$program" "$@"
