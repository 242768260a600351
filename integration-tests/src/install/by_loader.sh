# Not by LD_LIBRARY_PATH, which all programs below would inherit.
for loader in /lib64/ld-linux-*.so.* /lib/ld-linux-*.so.*; do
    if [ -x "$loader" ]; then break; fi
done
program=$folder/usr/bin/$program
# The packaged `valgrind` is a script, which runs `/usr/bin/valgrind.bin`.
if [ -e "$program.bin" ]; then program=$program.bin; fi
export VALGRIND_LIB="$folder/usr/libexec/valgrind"
exec "$loader" --library-path "$(echo "$folder"/usr/lib/*-linux-gnu)" "$program" "$@"
