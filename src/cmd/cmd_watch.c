/* SPDX-License-Identifier: ISC */
/* landline watch: the options, and what is to be done with them. The doing is in cmd_watch_*.c. */
#include "cmd/cmd_watch.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "base/str.h"
#include "base/utf8.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "see/flow_table.h"
#include "see/conversation.h"
#include "see/follow.h"
#include "see/match.h"
#include "see/roster.h"
#include "see/source.h"

#define LIMIT_DEFAULT 1000
#define WRITE_SIZE_MIN (64U << 10)
#define WRITE_SIZE_MAX (INT64_C(1) << 40)
#define WRITE_FILES_MAX 99999
/* As long as Linux' own tracking of connections waits for the answer to a datagram
 * (nf_conntrack_udp_timeout). */
#define IDLE_DEFAULT_NS (30 * OPTION_SECOND_NS)

static const char *const orders[] = {
    [ROSTER_BY_START] = "start",
    [ROSTER_BY_DURATION] = "duration",
    [ROSTER_BY_BYTES] = "bytes",
    [ROSTER_BY_PACKETS] = "packets",
    [ROSTER_BY_LOSS] = "loss",
    [ROSTER_BY_RTT] = "rtt",
    [ROSTER_BY_FINDINGS] = "findings",
    [ROSTER_ORDERS] = NULL,
};

static const char *const synopsis[] = {N_("FILE [--only WHICH] [--follow N]"),
    N_("[INTERFACE] [--filter EXPRESSION] [--write FILE] [--for TIME]"),
    N_("[INTERFACE] [--isolated] [OPTION...] -- COMMAND [ARGUMENT...]"), NULL};

static const struct option_row rows[] = {
    OPTION_GROUP(N_("Which conversations")),
    OPTION_STRING('o', "only", N_("WHICH"), struct watch_values, only, OPTION_COMPLETE_NONE,
        N_("only those that are WHICH: \"rst or unanswered\", \"port 443 and bytes > 1M\"")),
    OPTION_STRING('n', "follow", "N", struct watch_values, follow, OPTION_COMPLETE_NONE,
        N_("draw the ladder of conversation N; also 3,7 and 5-9 and all")),
    OPTION_CHOICE('s', "sort", N_("ORDER"), struct watch_values, sort, orders,
        N_("in the overview, what comes first (default start)")),
    OPTION_NUMBER(0, "limit", "N", struct watch_values, limit, 0, INT64_MAX,
        N_("at most N lines of overview, the gravest or first ones (default 1000); 0: all")),
    OPTION_NUMBER(0, "max-conversations", "N", struct watch_values, max_conversations, 1, FLOW_TABLE_MAX,
        N_("keep at most N that live at once (default 1000000); the oldest are summed up before their end")),
    OPTION_STRING('F', "filter", N_("EXPRESSION"), struct watch_values, filter, OPTION_COMPLETE_NONE,
        N_("only packets that match, as pcap-filter(7) has it: \"tcp port 443\"")),
    OPTION_GROUP(N_("Capturing")),
    OPTION_STRING('i', "interface", N_("INTERFACE"), struct watch_values, interface,
        OPTION_COMPLETE_INTERFACE, N_("capture from INTERFACE, also where a file has its name")),
    OPTION_DURATION(
        0, "for", N_("TIME"), struct watch_values, for_ns, 0, 365 * OPTION_DAY_NS, N_("end after TIME")),
    OPTION_DURATION(0, "idle", N_("TIME"), struct watch_values, idle_ns, OPTION_SECOND_NS / 1000,
        OPTION_DAY_NS, N_("show a UDP conversation when it has been silent for TIME (default 30s)")),
    OPTION_NUMBER('c', "count", "N", struct watch_values, count, 0, INT64_MAX, N_("end after N packets")),
    OPTION_SIZE(0, "buffer", N_("SIZE"), struct watch_values, buffer_bytes, SOURCE_BUFFER_MIN_BYTES,
        SOURCE_BUFFER_MAX_BYTES, N_("keep SIZE of packets that wait to be looked at (default 16M)")),
    OPTION_SIZE(0, "snaplen", N_("SIZE"), struct watch_values, snaplen, SOURCE_SNAPLEN_MIN,
        SOURCE_SNAPLEN_DEFAULT, N_("take only the first SIZE bytes of a packet (default all)")),
    OPTION_FLAG(0, "promiscuous", struct watch_values, promiscuous,
        N_("also what others on the network say to each other")),
    OPTION_FLAG(0, "isolated", struct watch_values, isolated,
        N_("run COMMAND in a network of its own, where it reaches nothing but itself; needs no right")),
    OPTION_GROUP(N_("What to show")),
    OPTION_FLAG('e', "every", struct watch_values, every,
        N_("each packet by itself: runs of data are not folded into one line")),
    OPTION_FLAG('a', "absolute", struct watch_values, absolute,
        N_("sequence numbers as they are, not counted from the first")),
    OPTION_FLAG(0, "json", struct watch_values, json,
        N_("one JSON object a conversation, and with --every a packet")),
    OPTION_FLAG(0, "html", struct watch_values, html,
        N_("a page for a browser: the overview and all ladders, in one file")),
    OPTION_FLAG(0, "svg", struct watch_values, svg, N_("the ladder of one conversation as a picture")),
    OPTION_FLAG(0, "screen", struct watch_values, screen,
        N_("on the whole screen: a list to walk through, ladders, and each packet's headers")),
    OPTION_FLAG(0, "lines", struct watch_values, lines,
        N_("a line a conversation as it ends, also where an interface would be shown on the whole screen")),
    OPTION_NUMBER(0, "pcap-of", "N", struct watch_values, pcap_of, 0, UINT32_MAX,
        N_("write the packets of conversation N, as pcapng, to --write FILE or to a pipe")),
    OPTION_STRING('w', "write", N_("FILE"), struct watch_values, write, OPTION_COMPLETE_FILE,
        N_("where to write packets")),
    OPTION_SIZE(0, "write-size", N_("SIZE"), struct watch_values, write_bytes, WRITE_SIZE_MIN, WRITE_SIZE_MAX,
        N_("go on in another file, numbered, before one is larger than SIZE")),
    OPTION_NUMBER(0, "write-files", "N", struct watch_values, write_files, 1, WRITE_FILES_MAX,
        N_("keep the last N of these files, and remove the older ones")),
    OPTION_FLAG(0, "ascii", struct watch_values, ascii, N_("draw with ASCII alone")),
    OPTION_SWITCH(0, "pager", struct watch_values, pager,
        N_("on a terminal, show what is long page by page, in $PAGER or less")),
    OPTION_FLAG(0, "no-color", struct watch_values, no_color, N_("no colours, also on a terminal")),
    OPTION_COUNT('v', "verbose", struct watch_values, verbose, N_("say in what sandbox packets are read")),
    OPTION_END,
};

static const struct option_example examples[] = {
    {"landline watch capture.pcapng", N_("every conversation in it, a line each")},
    {"landline watch capture.pcapng --follow 3", N_("the third one as a ladder, explained")},
    {"landline watch capture.pcapng --only 'rst or unanswered'", N_("those that went wrong")},
    {"landline watch capture.pcapng --html > capture.html", N_("all of it as a page for a browser")},
    {"landline watch capture.pcapng --screen", N_("walk through them")},
    {"landline watch capture.pcapng --pcap-of 3 --write three.pcapng", N_("just that one, for other tools")},
    {"landline watch -- curl http://example.com/", N_("what curl says to whom")},
    {NULL, NULL},
};

static const struct option_verb verb = {
    .name = "watch",
    .synopsis = synopsis,
    .summary = N_("draw and explain every conversation on the wire"),
    .description =
        N_("Reads packets from FILE, a pcap or pcapng file, packed with gzip or not (- is standard input), "
           "or captures "
           "them on an INTERFACE, without one on all of them. Shows each TCP and UDP conversation: who "
           "opened it, who "
           "closed it and how, what was lost.\n\n"
           "--follow draws one as a ladder, with the state of both sides, and says what it means.\n\n"
           "Behind -- stands a COMMAND that is run, and just its conversations are shown when it has "
           "ended."),
    .rows = rows,
    .examples = examples,
    .args_max = OPTION_ANY_ARGS,
    .args_complete = OPTION_COMPLETE_FILE,
};

/* ---- --follow ---- */

static int parse_range(struct watch_choice *choice, const char *text)
{
    const char *dash = strchr(text, '-');
    char *first = xmemdup0(text, dash ? (size_t)(dash - text) : strlen(text));
    int64_t low = 0, high = 0;
    int code = parse_number(first, 1, UINT32_MAX, &low);

    free(first);
    high = low;
    if (code == 0 && dash)
        code = parse_number(dash + 1, low, UINT32_MAX, &high);
    if (code == 0 && choice->count == WATCH_RANGES_MAX)
        code = -ERANGE;
    if (code < 0)
        return code;
    choice->ranges[choice->count].first = (uint32_t)low;
    choice->ranges[choice->count].last = (uint32_t)high;
    choice->count++;
    return 0;
}

static int parse_choice(struct watch_choice *choice, const char *text, struct err *err)
{
    char *copy, *rest, *part;
    struct str shown = STR_INIT;
    int code = 0;

    choice->is_given = true;
    if (strcmp(text, "all") == 0) {
        choice->is_all = true;
        return 0;
    }
    copy = rest = xstrdup(text);
    while (code == 0 && (part = strsep(&rest, ",")) != NULL)
        code = parse_range(choice, part);
    free(copy);
    if (code == 0)
        return 0;
    utf8_escape(&shown, text, strlen(text), 0);
    err_set(err, ERR_MISUSE, code,
        _("--follow %s: give numbers of conversations, as the overview has them: 3, or 3,7, or 5-9, or all"),
        shown.data);
    str_done(&shown);
    return code;
}

bool watch_chose(const struct watch_order *w, uint32_t id)
{
    const struct watch_choice *c = &w->choice;

    if (!c->is_given || c->is_all)
        return true;
    for (unsigned i = 0; i < c->count; i++)
        if (id >= c->ranges[i].first && id <= c->ranges[i].last)
            return true;
    return false;
}

bool watch_wants(const struct watch_order *w, const struct conversation *c)
{
    return watch_chose(w, c->id) && (!w->only || match_is(w->only, c));
}

void watch_choice_bounds(const struct watch_order *w, uint32_t *ret_first, uint32_t *ret_last)
{
    const struct watch_choice *c = &w->choice;

    *ret_first = c->is_all ? 1 : UINT32_MAX;
    *ret_last = c->is_all ? UINT32_MAX : 0;
    for (unsigned i = 0; i < c->count; i++) {
        if (c->ranges[i].first < *ret_first)
            *ret_first = c->ranges[i].first;
        if (c->ranges[i].last > *ret_last)
            *ret_last = c->ranges[i].last;
    }
}

/* ---- the verb ---- */

/* What is to be captured from; NULL: it is a file that is to be read. One that is there is meant before an
 * interface of its name; a name that is neither is told of as a file. */
static const char *find_interface(const struct watch_values *v, const char *arg)
{
    struct stat st;

    if (v->interface)
        return v->interface;
    if (!arg)
        return SOURCE_ANY;
    if (strcmp(arg, "-") == 0 || stat(arg, &st) == 0)
        return NULL;
    /* There is nothing of that name: where it looks like an interface's, the error should list those. */
    return source_has_interface(arg) || !strpbrk(arg, "/.") ? arg : NULL;
}

/* A file would not obey them, and saying nothing would be a lie. */
static int refuse_capturing_options(const struct options *o, struct err *err)
{
    static const char *const names[] = {
        "for", "idle", "count", "buffer", "snaplen", "promiscuous", "write-size", "write-files"};

    for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
        if (options_source(o, names[i]) == OPTION_COMMAND_LINE)
            return err_set(err, ERR_MISUSE, -EINVAL,
                _("--%s is for capturing from an interface, not for a file"), names[i]);
    return 0;
}

/* What is asked for, however the packets come. */
static int begin(struct watch_order *w, struct err *err)
{
    const struct watch_values *v = &w->v;
    int code = 0;

    if (v->only)
        code = match_parse(v->only, &w->only, err);
    if (code == 0 && v->follow)
        code = parse_choice(&w->choice, v->follow, err);
    if (code == 0 && v->json + v->html + v->svg + v->screen + v->lines + (v->pcap_of != 0) > 1)
        code = err_set(err, ERR_MISUSE, -EINVAL,
            _("--json, --html, --svg, --screen, --lines and --pcap-of exclude each other"));
    return code;
}

static int begin_packets(
    struct watch_order *w, const struct options *o, const char *interface, struct err *err)
{
    const char *arg = o->args[0];
    const struct watch_values *v = &w->v;
    int code = 0;

    if (o->n_args > 1)
        code = err_set(err, ERR_MISUSE, -EINVAL,
            _("%s: one file or interface at a time; a command to run stands behind --"), o->args[1]);
    if (code == 0 && v->interface && arg)
        code = err_set(err, ERR_MISUSE, -EINVAL, _("%s and --interface exclude each other"), arg);
    if (code == 0 && v->isolated)
        code = err_set(err, ERR_MISUSE, -EINVAL, _("--isolated is for a command, which stands behind --"));
    if (code == 0 && !interface)
        code = refuse_capturing_options(o, err);
    if (code == 0 && interface && (v->html || v->svg))
        code = err_set(err, ERR_MISUSE, -EINVAL,
            _("%s needs a file to read, not an interface: capture into one with --write FILE first"),
            v->html ? "--html" : "--svg");
    if (code == 0 && v->write && !v->pcap_of && !interface)
        code = err_set(err, ERR_MISUSE, -EINVAL, _("--write needs --pcap-of N: which conversation?"));
    if (code == 0 && v->write_bytes && !v->write)
        code = err_set(err, ERR_MISUSE, -EINVAL, _("--write-size needs --write FILE: which files?"));
    if (code == 0 && v->write_files && !v->write_bytes)
        code =
            err_set(err, ERR_MISUSE, -EINVAL, _("--write-files needs --write-size SIZE: how large is each?"));
    if (code == 0 && v->pcap_of && interface)
        code = err_set(err, ERR_MISUSE, -EINVAL, _("--pcap-of needs a file to read, not an interface"));
    if (code == 0 && v->write && interface && strcmp(v->write, "-") == 0)
        code = err_set(err, ERR_MISUSE, -EINVAL, _("--write -: standard output has the conversations"));
    return code;
}

static int begin_command(struct watch_order *w, const struct options *o, struct err *err)
{
    const struct watch_values *v = &w->v;

    if (o->n_before > 1)
        return err_set(err, ERR_MISUSE, -EINVAL, _("%s: before -- one interface may stand"), o->args[1]);
    if (o->n_before + (v->interface != NULL) + v->isolated > 1)
        return err_set(err, ERR_MISUSE, -EINVAL, _("an interface and --isolated exclude each other"));
    if (v->pcap_of)
        return err_set(err, ERR_MISUSE, -EINVAL, _("--pcap-of needs a file to read, not a command"));
    if (v->write_bytes || v->write_files)
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("--write-size and --write-files are for an interface, not for a command"));
    if (v->count)
        return err_set(err, ERR_MISUSE, -EINVAL, _("--count is not for a command, which ends by itself"));
    if (v->write && strcmp(v->write, "-") == 0)
        return err_set(err, ERR_MISUSE, -EINVAL, _("--write -: standard output has the conversations"));
    return 0;
}

int watch_show(struct watch_order *w, const char *path)
{
    if (w->v.pcap_of)
        return watch_extract(w, path);
    if (w->v.screen)
        return watch_screen(w, path);
    if (w->v.json)
        return watch_json(w, path);
    if (w->v.html || w->v.svg)
        return watch_page(w, path);
    return watch_file(w, path);
}

static int run_command(struct watch_order *w, const struct options *o)
{
    struct err err;

    if (begin_command(w, o, &err) < 0)
        return cmd_fail(&err);
    return watch_command(w, o->n_before ? o->args[0] : w->v.interface, o->args + o->n_before);
}

static int run_packets(struct watch_order *w, const struct options *o)
{
    const char *interface = find_interface(&w->v, o->args[0]);
    struct err err;

    if (begin_packets(w, o, interface, &err) < 0)
        return cmd_fail(&err);
    return interface ? watch_live(w, interface) : watch_show(w, o->args[0]);
}

static int run(int argc, char **argv)
{
    struct watch_order w = {.v = {.pager = true,
                                .limit = LIMIT_DEFAULT,
                                .max_conversations = FOLLOW_CONVERSATIONS_DEFAULT,
                                .idle_ns = IDLE_DEFAULT_NS},
        .dropped = -1};
    struct options o;
    struct err err;
    int status;

    if (!cmd_begin(&o, &verb, &w.v, argc, argv, &status))
        return status;
    if (begin(&w, &err) < 0)
        status = cmd_fail(&err);
    else if (o.n_args > o.n_before)
        status = run_command(&w, &o);
    else if (strcmp(argv[argc - 1], "--") == 0) {
        err_set(&err, ERR_MISUSE, -EINVAL, _("behind -- stands the command that is to be run"));
        status = cmd_fail(&err);
    } else
        status = run_packets(&w, &o);
    match_free(w.only);
    options_done(&o);
    return status;
}

const struct command cmd_watch = {.verb = &verb, .run = run};
