/* SPDX-License-Identifier: ISC */
/* Capture files as they lie on a disk or come through a pipe, plain and packed with gzip; a packet longer
 * than the window; cut and damaged ones, which give all that stands before the fault. */
#include "see/source_file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <zlib.h>

#include "base/buf.h"
#include "base/str.h"
#include "wire/pcapng_writer.h"

#define PACKETS 3000

static char path[] = "/tmp/landline-source-XXXXXX";

static int make_path(void **state)
{
    int fd = mkstemp(path);

    return fd < 0 ? -1 : close(fd);
}

static int remove_path(void **state)
{
    return unlink(path);
}

/* Packets of 0 to 200,000 bytes, so that the window does not fit them evenly, and one comment larger than it.
 */
static void make_capture(struct buf *out)
{
    static uint8_t data[200000];

    memset(data, 0x5a, sizeof(data));
    pcapng_begin(out, NULL);
    pcapng_add_interface(out, 101, 0, "tun0");
    for (uint32_t i = 0; i < PACKETS; i++)
        pcapng_add_packet(out, 0, i, data, i % 97 == 96 ? 200000 : i % 1500, 200000, NULL);
}

static void put(const void *data, size_t len)
{
    FILE *file = fopen(path, "wb");

    assert_non_null(file);
    assert_int_equal(fwrite(data, 1, len, file), len);
    assert_int_equal(fclose(file), 0);
}

/* In members of at most part bytes. */
static void put_gzip(const struct buf *b, size_t part, struct buf *ret)
{
    size_t at = 0;

    while (at < b->len) {
        size_t len = b->len - at < part ? b->len - at : part;
        z_stream z = {0};

        assert_int_equal(deflateInit2(&z, 6, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY), Z_OK);
        z.next_in = buf_head(b) + at;
        z.avail_in = (unsigned)len;
        z.next_out = buf_reserve(ret, deflateBound(&z, len));
        z.avail_out = (unsigned)deflateBound(&z, len);
        assert_int_equal(deflate(&z, Z_FINISH), Z_STREAM_END);
        buf_commit(ret, z.total_out);
        deflateEnd(&z);
        at += len;
    }
}

/* Reads it all; packets are checked against what make_capture made. */
static uint32_t read_all(const char *from, enum source_result want, struct err *err)
{
    struct pcapfile_packet packet;
    enum source_result result;
    struct source_file *s;
    uint32_t count = 0;

    assert_int_equal(source_file_open(from, &s, err), 0);
    while ((result = source_file_next(s, &packet, err)) == SOURCE_PACKET) {
        assert_int_equal(packet.time_ns, count);
        assert_int_equal(packet.captured_bytes, count % 97 == 96 ? 200000 : count % 1500);
        if (packet.captured_bytes)
            assert_true(packet.data[0] == 0x5a && packet.data[packet.captured_bytes - 1] == 0x5a);
        count++;
    }
    assert_int_equal(result, want);
    assert_int_equal(source_file_next(s, &packet, err), want);
    source_file_close(s);
    return count;
}

static void plain(void **state)
{
    struct buf capture = {0};
    struct err err;

    make_capture(&capture);
    put(buf_head(&capture), capture.len);
    assert_int_equal(read_all(path, SOURCE_END, &err), PACKETS);
    buf_done(&capture);
}

static void packed(void **state)
{
    struct buf capture = {0}, one = {0}, many = {0};
    struct err err;

    make_capture(&capture);
    put_gzip(&capture, capture.len, &one);
    put(buf_head(&one), one.len);
    assert_int_equal(read_all(path, SOURCE_END, &err), PACKETS);
    /* Several members, and padding behind them. */
    put_gzip(&capture, 100000, &many);
    buf_append(&many, "\0\0\0\0", 4);
    put(buf_head(&many), many.len);
    assert_int_equal(read_all(path, SOURCE_END, &err), PACKETS);
    buf_done(&capture);
    buf_done(&one);
    buf_done(&many);
}

static void packed_and_cut(void **state)
{
    struct buf capture = {0}, gz = {0};
    struct str want = STR_INIT;
    struct err err;

    make_capture(&capture);
    put_gzip(&capture, capture.len, &gz);
    put(buf_head(&gz), gz.len / 2);
    assert_in_range(read_all(path, SOURCE_BAD, &err), 1, PACKETS - 1);
    str_appendf(
        &want, "%s: cut short: what gzip has packed ends too early, after byte %zu", path, gz.len / 2);
    assert_string_equal(err.text, want.data);
    assert_int_equal(err.kind, ERR_INPUT);

    /* The sum at its end does not agree: it is damaged somewhere. */
    buf_head(&gz)[gz.len - 8] ^= 1;
    put(buf_head(&gz), gz.len);
    assert_int_equal(read_all(path, SOURCE_BAD, &err), PACKETS);
    assert_non_null(strstr(err.text, "what gzip has packed is damaged after byte"));
    str_done(&want);
    buf_done(&capture);
    buf_done(&gz);
}

static void cut(void **state)
{
    struct buf capture = {0};
    struct err err;

    make_capture(&capture);
    put(buf_head(&capture), capture.len - 5);
    assert_int_equal(read_all(path, SOURCE_BAD, &err), PACKETS - 1);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_non_null(strstr(err.text, ": cut short: what begins at byte "));
    buf_done(&capture);
}

static void standard_input(void **state)
{
    int saved = dup(STDIN_FILENO), ends[2];
    struct buf capture = {0};
    struct err err;
    pid_t writer;

    make_capture(&capture);
    assert_int_equal(pipe(ends), 0);
    writer = fork();
    assert_true(writer >= 0);
    if (writer == 0) {
        size_t at = 0;

        close(ends[0]);
        /* A first piece that does not even tell what it is. */
        while (at < capture.len) {
            ssize_t n = write(ends[1], buf_head(&capture) + at, at == 0 ? 1 : capture.len - at);

            if (n < 0)
                _exit(1);
            at += (size_t)n;
        }
        _exit(0);
    }
    close(ends[1]);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    assert_int_equal(read_all("-", SOURCE_END, &err), PACKETS);
    dup2(saved, STDIN_FILENO);
    close(saved);
    buf_done(&capture);
}

static void what_is_no_capture(void **state)
{
    struct source_file *s;
    struct str want = STR_INIT;
    struct err err;

    put("", 0);
    assert_int_equal(read_all(path, SOURCE_BAD, &err), 0);
    str_appendf(&want, "%s: empty", path);
    assert_string_equal(err.text, want.data);
    put("x", 1);
    assert_int_equal(read_all(path, SOURCE_BAD, &err), 0);
    put("hello world\n", 12);
    assert_int_equal(read_all(path, SOURCE_BAD, &err), 0);
    str_reset(&want);
    str_appendf(&want, "%s: neither a pcap nor a pcapng file", path);
    assert_string_equal(err.text, want.data);
    put("\x1f\x8bhello", 7);
    assert_int_equal(read_all(path, SOURCE_BAD, &err), 0);
    assert_int_equal(read_all("/", SOURCE_BAD, &err), 0);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_true(source_file_open("/no/such/file", &s, &err) < 0);
    assert_int_equal(err.kind, ERR_INPUT);
    assert_string_equal(err.text, "/no/such/file: no such file");
    str_done(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain),
        cmocka_unit_test(packed),
        cmocka_unit_test(packed_and_cut),
        cmocka_unit_test(cut),
        cmocka_unit_test(standard_input),
        cmocka_unit_test(what_is_no_capture),
    };

    return cmocka_run_group_tests(tests, make_path, remove_path);
}
