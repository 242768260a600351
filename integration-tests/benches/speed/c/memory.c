/* Runs a program, and writes its peak memory in KiB and its page faults into a file.
 *
 *     memory FILE PROGRAM [ARGUMENT...]
 *
 * The kernel counts as a program's peak what its process had before it became that program, which
 * is its parent's memory. So the parent has to be smaller than all that it runs. */
#define _DEFAULT_SOURCE
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    struct rusage used;
    FILE *file;
    int status;
    pid_t child;

    if (argc < 3)
        return 2;
    child = vfork();
    if (child == 0) {
        execv(argv[2], argv + 2);
        _exit(127);
    }
    if (child < 0 || wait4(child, &status, 0, &used) != child || status != 0)
        return 1;
    file = fopen(argv[1], "w");
    if (file == NULL)
        return 1;
    fprintf(file, "%ld %ld\n", used.ru_maxrss, used.ru_minflt + used.ru_majflt);
    return fclose(file) == 0 ? 0 : 1;
}
