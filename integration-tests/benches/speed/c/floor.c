/* The least that a program can do which prints a cached key: open the file, check owner and mode on
 * the open descriptor, read it, check its end, write the key.
 *
 *     floor FILE
 *
 * The file holds the key's end in seconds since the epoch, a space, and the key. */
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    char content[4096];
    char *key;
    struct stat about;
    ssize_t length;
    int file;

    if (argc != 2)
        return 2;
    file = open(argv[1], O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (file < 0 || fstat(file, &about) != 0)
        return 1;
    if (!S_ISREG(about.st_mode) || about.st_uid != geteuid() || (about.st_mode & 077) != 0)
        return 1;
    length = read(file, content, sizeof content - 1);
    if (length <= 0)
        return 1;
    content[length] = '\0';
    if (strtoll(content, &key, 10) <= (long long)time(NULL) || *key != ' ')
        return 1;
    key++;
    length -= key - content;
    return write(STDOUT_FILENO, key, (size_t)length) == length ? 0 : 1;
}
