/* SPDX-License-Identifier: ISC */
/* Stands in for libFuzzer in an ordinary build: feeds every file of one corpus folder to the fuzz target,
 * and the empty input too, so that what a fuzzer once broke stays mended with any compiler. */
#include <dirent.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* By libFuzzer's rule the target keeps its hands off the bytes, and returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int is_input(const struct dirent *entry)
{
    return entry->d_name[0] != '.';
}

static int replay(const char *folder, const char *name)
{
    /* Exactly as large as the file, so that valgrind and ASan see a read past its end. */
    uint8_t *data = NULL;
    char path[4096];
    long size = 0;
    int code = -1;
    FILE *file;

    snprintf(path, sizeof(path), "%s/%s", folder, name);
    file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END) || (size = ftell(file)) < 0 || fseek(file, 0, SEEK_SET))
        goto out;
    data = malloc(size ? (size_t)size : 1);
    if (!data || fread(data, 1, (size_t)size, file) != (size_t)size)
        goto out;
    code = LLVMFuzzerTestOneInput(data, (size_t)size);
out:
    free(data);
    if (file)
        fclose(file);
    return code;
}

int main(int argc, char **argv)
{
    struct dirent **inputs = NULL;
    int count = 0, failed = 0;

    if (argc != 2) {
        fprintf(stderr, "usage: %s FOLDER\n", argv[0]);
        return 2;
    }
    count = scandir(argv[1], &inputs, is_input, alphasort);
    if (count < 0 && errno != ENOENT) {
        printf("Bail out! %s: %s\n", argv[1], strerror(errno));
        return 1;
    }
    if (count < 0)
        count = 0;

    printf("1..%d\n", count + 1);
    LLVMFuzzerTestOneInput((const uint8_t *)"", 0);
    printf("ok 1 - nothing\n");
    for (int i = 0; i < count; i++) {
        int code = replay(argv[1], inputs[i]->d_name);

        printf("%s %d - %s\n", code ? "not ok" : "ok", i + 2, inputs[i]->d_name);
        failed += code != 0;
        free(inputs[i]);
    }
    free(inputs);
    return failed ? 1 : 0;
}
