/* SPDX-License-Identifier: ISC */
/* Two kinds of source behind one name. A call is for a batch, so which kind it is costs nothing that shows.
 */
#include "see/source.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "see/filter.h"
#include "see/source_file.h"
#include "see/source_live.h"

struct source {
    struct source_file *file; /* NULL: live */
    struct source_live *live;
    struct filter *filter; /* of a file; live, the kernel filters */
    struct err fault;      /* what the filter cannot say, once it has come to that */
    bool is_stopped;
};

int source_open_file(const char *path, const char *filter, struct source **ret, struct err *err)
{
    struct source *s = xcalloc(1, sizeof(*s));
    int code = 0;

    if (filter)
        code = filter_new(filter, &s->filter, err);
    if (code == 0)
        code = source_file_open(path, &s->file, err);
    if (code < 0)
        source_free(s);
    else
        *ret = s;
    return code;
}

int source_of_file(int fd, const char *name, const char *filter, struct source **ret, struct err *err)
{
    struct source *s = xcalloc(1, sizeof(*s));
    int code = filter ? filter_new(filter, &s->filter, err) : 0;

    s->file = source_file_of(fd, name);
    if (code < 0)
        source_free(s);
    else
        *ret = s;
    return code;
}

int source_open_live(
    const char *interface, const struct source_live_options *options, struct source **ret, struct err *err)
{
    struct source_live *live;
    int code = source_live_open(interface, options, &live, err);

    if (code < 0)
        return code;
    *ret = xcalloc(1, sizeof(**ret));
    (*ret)->live = live;
    return 0;
}

void source_free(struct source *s)
{
    if (!s)
        return;
    source_file_close(s->file);
    source_live_close(s->live);
    filter_free(s->filter);
    free(s);
}

/* Moves those that match to the front, and ends where the filter cannot tell. */
static unsigned sieve(struct source *s, struct pcapfile_packet *packets, unsigned count)
{
    unsigned kept = 0;

    for (unsigned i = 0; i < count; i++) {
        int matches = filter_matches(s->filter, &packets[i], &s->fault);

        if (matches < 0)
            break;
        if (matches)
            packets[kept++] = packets[i];
    }
    return kept;
}

static enum source_result file_batch(
    struct source *s, struct pcapfile_packet *ret, unsigned max, unsigned *ret_count, struct err *err)
{
    enum source_result result = SOURCE_PACKET;
    unsigned count = 0;

    if (s->is_stopped)
        return SOURCE_END;
    if (!s->filter)
        return source_file_batch(s->file, ret, max, ret_count, err);
    while (count == 0 && s->fault.kind == ERR_NONE) {
        result = source_file_batch(s->file, ret, max, &count, err);
        if (result != SOURCE_PACKET)
            return result;
        count = sieve(s, ret, count);
    }
    if (count > 0) {
        *ret_count = count;
        return SOURCE_PACKET;
    }
    if (err)
        *err = s->fault;
    return SOURCE_BAD;
}

enum source_result source_batch(
    struct source *s, struct pcapfile_packet *ret, unsigned max, unsigned *ret_count, struct err *err)
{
    return s->live ? source_live_batch(s->live, ret, max, ret_count, err)
                   : file_batch(s, ret, max, ret_count, err);
}

int source_fd(const struct source *s)
{
    return s->live ? source_live_fd(s->live) : -1;
}

void source_stop(struct source *s)
{
    s->is_stopped = true;
    if (s->live)
        source_live_stop(s->live);
}

void source_counts(struct source *s, struct source_counts *ret)
{
    if (s->live)
        source_live_counts(s->live, ret);
    else
        *ret = (struct source_counts){.captured = source_file_format(s->file)->packets};
}

const char *source_name(const struct source *s)
{
    return s->live ? source_live_name(s->live) : NULL;
}

uint16_t source_linktype(const struct source *s)
{
    return s->live ? source_live_linktype(s->live) : 0;
}

uint32_t source_snaplen(const struct source *s)
{
    return s->live ? source_live_snaplen(s->live) : 0;
}

const struct pcapfile *source_format(const struct source *s)
{
    return s->file ? source_file_format(s->file) : NULL;
}

bool source_has_interface(const char *name)
{
    return source_live_has_interface(name);
}
