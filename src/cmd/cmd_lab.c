/* SPDX-License-Identifier: ISC */
/* landline lab: the options, and what is to be done with them. The doing is in cmd_lab_*.c. */
#include "cmd/cmd_lab.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/parse.h"
#include "base/xmalloc.h"
#include "cmd/cmd.h"
#include "lab/expect.h"
#include "lab/lesson.h"

static const char *const distributions[] = {
    [FATES_UNIFORM] = "uniform", [FATES_NORMAL] = "normal", [FATES_PARETO] = "pareto", NULL};
static const char *const backends[] = {[HOSTS_ANY] = "any", [HOSTS_TUN] = "tun", [HOSTS_VETH] = "veth", NULL};

static const char *const synopsis[] = {
    N_("SCENARIO [--full]"), N_("run FILE"), N_("[FATES] -- SERVER... -- CLIENT..."), NULL};

#define FATE(name, order, meta, help)                                                                        \
    OPTION_LIST(0, name, meta, struct lab_values, orders[order], OPTION_COMPLETE_NONE, help)

static const struct option_row rows[] = {
    OPTION_GROUP(N_("What becomes of packets")),
    FATE("drop", FATES_DROP, N_("WHICH"),
        N_("they are lost: \"syn+ack#1\", \"fin#1 from server\", \"5% data\"")),
    OPTION_LIST(0, "loss", N_("PERCENT"), struct lab_values, losses, OPTION_COMPLETE_NONE,
        N_("so many of all are lost, by chance: 5%, or \"5% from client\"")),
    FATE("delay", FATES_DELAY, N_("TIME [WHICH]"), N_("they arrive later: 40ms, or \"200ms data#3\"")),
    FATE("jitter", FATES_JITTER, N_("TIME [WHICH]"), N_("by chance up to so much later")),
    OPTION_CHOICE(0, "distribution", N_("HOW"), struct lab_values, distribution, distributions,
        N_("how chance spreads jitter (default uniform)")),
    FATE("duplicate", FATES_DUPLICATE, N_("WHICH"), N_("they arrive twice: \"fin#1\", or 2%")),
    FATE("reorder", FATES_REORDER, N_("WHICH"), N_("they are overtaken: \"data#2\", \"3ms data#2\", or 5%")),
    FATE("corrupt", FATES_CORRUPT, N_("WHICH"), N_("one bit of them is flipped")),
    FATE("truncate", FATES_TRUNCATE, N_("BYTES [WHICH]"), N_("so much is left of their data")),
    FATE("rate", FATES_RATE, N_("RATE [WHICH]"),
        N_("the cable carries so much: 1mbit, or \"64kbit from server\"")),
    FATE("queue", FATES_QUEUE, N_("SIZE [WHICH]"), N_("before it so much may wait (default 256K)")),
    FATE("mtu", FATES_MTU, N_("BYTES [WHICH]"), N_("longer ones come back: ICMP says too big")),
    FATE("mtu-silent", FATES_MTU_SILENT, N_("BYTES [WHICH]"), N_("longer ones vanish: a black hole")),
    FATE("down", FATES_DOWN, N_("FROM-TO"), N_("between these times the cable is out: 2s-5s")),
    FATE(
        "vanish", FATES_VANISH, N_("HOST WHEN"), N_("it is gone: \"server after data#3\", \"client at 2s\"")),
    FATE("reset", FATES_RESET, N_("HOST WHEN"), N_("it gets a forged RST: \"client after data#2\"")),
    OPTION_NUMBER(0, "seed", "N", struct lab_values, seed, 0, INT64_MAX,
        N_("what chance decides is decided so each time that N is given (default 1)")),
    OPTION_GROUP(N_("How it runs")),
    OPTION_DURATION(0, "for", N_("TIME"), struct lab_values, for_ns, 0, OPTION_DAY_NS,
        N_("stop both programs after TIME")),
    OPTION_DURATION(0, "settle", N_("TIME"), struct lab_values, settle_ns, 0, OPTION_DAY_NS,
        N_("after the client's end wait TIME at most for segments that are sent again (default 3s)")),
    OPTION_FLAG(0, "step", struct lab_values, step,
        N_("hold each packet until you say what becomes of it: you are the network")),
    OPTION_FLAG(
        0, "full", struct lab_values, full, N_("of a scenario: wait for the kernel's long timers, too")),
    OPTION_FLAG(0, "fast", struct lab_values, fast,
        N_("let the programs run as fast as they can: states may run ahead of the packets")),
    OPTION_CHOICE(0, "backend", N_("WHICH"), struct lab_values, backend, backends,
        N_("what the cable is made of (default any)")),
    OPTION_GROUP(N_("As a test")),
    OPTION_LIST(0, "expect", N_("WHAT"), struct lab_values, expects, OPTION_COMPLETE_NONE,
        N_("status 0 only if so: \"exit 0\", \"no rst\", \"closed by client\", \"three-way\"")),
    OPTION_NUMBER(
        0, "runs", "N", struct lab_values, runs, 1, 1000000, N_("run N times, with N seeds from --seed on")),
    OPTION_STRING(0, "seeds", N_("FROM..TO"), struct lab_values, seeds, OPTION_COMPLETE_NONE,
        N_("run once with each of these seeds: 1..100")),
    OPTION_FLAG(0, "tap", struct lab_values, tap, N_("tell of the runs in TAP, for test harnesses")),
    OPTION_STRING(0, "junit", N_("FILE"), struct lab_values, junit, OPTION_COMPLETE_FILE,
        N_("also write them to FILE as JUnit does")),
    OPTION_GROUP(N_("What to show")),
    OPTION_FLAG('e', "every", struct lab_values, every,
        N_("each packet by itself: runs of data are not folded into one line")),
    OPTION_FLAG('a', "absolute", struct lab_values, absolute,
        N_("sequence numbers as they are, not counted from the first")),
    OPTION_FLAG('q', "quiet", struct lab_values, quiet, N_("do not draw; only the programs' own output")),
    OPTION_FLAG(
        0, "json", struct lab_values, json, N_("one JSON object a packet, a line of output, a conversation")),
    OPTION_FLAG(0, "html", struct lab_values, html, N_("a page for a browser, in one file")),
    OPTION_FLAG(0, "svg", struct lab_values, svg, N_("the ladder as a picture")),
    OPTION_STRING('w', "write", N_("FILE"), struct lab_values, write, OPTION_COMPLETE_FILE,
        N_("also keep the packets as pcapng, with fates and states as comments")),
    OPTION_FLAG(0, "ascii", struct lab_values, ascii, N_("draw with ASCII alone")),
    OPTION_FLAG(0, "no-color", struct lab_values, no_color, N_("no colours, also on a terminal")),
    OPTION_END,
};

static const struct option_example examples[] = {
    {"landline lab -- python3 server.py -- python3 client.py",
        N_("what the two say, drawn with true states")},
    {"landline lab --drop 'syn+ack#1' -- ./server -- ./client server 8080", N_("the second segment is lost")},
    {"landline lab --loss 5% --delay 40ms --seed 7 -- ./server -- ./client",
        N_("a bad line, the same each time")},
    {"landline lab --loss 5% --seeds 1..99 --expect 'exit 0' -- ./serve -- ./call",
        N_("which seed breaks the two?")},
    {NULL, NULL},
};

static const struct option_verb verb = {
    .name = "lab",
    .synopsis = synopsis,
    .summary = N_("two hosts, a wire that misbehaves on purpose, no root"),
    .description =
        N_("Runs SERVER and CLIENT on two hosts of their own, which are called `server' and `client' there, "
           "with one cable between them. Decides what becomes of each packet on it, and draws them all, with "
           "the state that each kernel has at that moment. What runs in there reaches nothing else.\n\n"
           "WHICH packets: any, syn, syn+ack, ack, fin, rst, data, retransmission, udp, icmp; then #2, #2-4 "
           "or #2- for the second, the second to fourth, all from the second; then `of handshake' or `of "
           "close'; then `from client' or `from server'."),
    .rows = rows,
    .examples = examples,
    .args_max = OPTION_ANY_ARGS,
};

/* ---- the verb ---- */

static const struct lesson_order *lesson_orders(const struct lab_order *l)
{
    if (!l->lesson)
        return NULL;
    return l->v.full && l->lesson->full_orders ? l->lesson->full_orders : l->lesson->orders;
}

static int add_orders(struct lab_order *l, struct err *err)
{
    int code = 0;

    for (int order = 0; order < FATES_ORDERS; order++)
        for (size_t i = 0; code == 0 && i < l->v.orders[order].count; i++)
            code = fates_add(l->fates, (enum fates_order)order, l->v.orders[order].items[i], err);
    for (size_t i = 0; code == 0 && i < l->v.losses.count; i++)
        code = fates_add(l->fates, FATES_DROP, l->v.losses.items[i], err);
    for (const struct lesson_order *o = lesson_orders(l); code == 0 && o && o->text; o++)
        code = fates_add(l->fates, (enum fates_order)o->order, o->text, err);
    return code;
}

static int find_lesson(struct lab_order *l, struct options *o, struct err *err)
{
    if (strcmp(o->args[0], "run") == 0) {
        if (o->n_args != 2)
            return err_set(err, ERR_MISUSE, -EINVAL, _("landline lab run FILE: which one?"));
        return lab_read_file(l, o, o->args[1], err);
    }
    if (o->n_args > 1)
        return err_set(err, ERR_MISUSE, -EINVAL, _("%s: one scenario at a time"), o->args[1]);
    l->lesson = lesson_find(o->args[0]);
    if (l->lesson)
        return 0;
    return err_set(err, ERR_MISUSE, -EINVAL,
        _("%s: no scenario of this name; `landline lab' lists them, and programs stand behind --: landline "
          "lab -- SERVER -- CLIENT"),
        o->args[0]);
}

/* SERVER... -- CLIENT...: the second "--" is among the arguments. */
static int split(struct lab_order *l, const struct options *o, struct err *err)
{
    char **args = o->args;
    size_t at = 0;

    while (at < o->n_args && strcmp(args[at], "--") != 0)
        at++;
    if (at == 0 || at + 1 >= o->n_args)
        return err_set(
            err, ERR_MISUSE, -EINVAL, _("two programs are needed: landline lab -- SERVER... -- CLIENT..."));
    args[at] = NULL;
    l->argv[LAB_SERVER] = args;
    l->argv[LAB_CLIENT] = args + at + 1;
    return 0;
}

static int parse_expects(struct lab_order *l, struct err *err)
{
    int code = 0;

    l->expects = xcalloc(l->v.expects.count + 1, sizeof(struct expect *));
    for (size_t i = 0; code == 0 && i < l->v.expects.count; i++)
        code = expect_parse(l->v.expects.items[i], &l->expects[i], err);
    return code;
}

/* "1..100". */
static int parse_seeds(struct lab_order *l, struct err *err)
{
    const char *text = l->v.seeds, *dots = strstr(text, "..");
    char *first = dots ? xmemdup0(text, (size_t)(dots - text)) : NULL;
    int code = dots ? parse_number(first, 0, INT64_MAX - 1, &l->first_seed) : -EINVAL;

    free(first);
    if (code == 0)
        code = parse_number(dots + 2, l->first_seed, INT64_MAX - 1, &l->last_seed);
    if (code < 0)
        return err_set(err, ERR_MISUSE, code, _("--seeds %s: it is FROM..TO, such as 1..100"), text);
    return 0;
}

static int plan_runs(struct lab_order *l, struct err *err)
{
    const struct lab_values *v = &l->v;

    l->is_many = v->runs || v->seeds;
    if (v->runs && v->seeds)
        return err_set(err, ERR_MISUSE, -EINVAL, _("--runs and --seeds exclude each other"));
    if (!l->is_many && (v->tap || v->junit))
        return err_set(err, ERR_MISUSE, -EINVAL, _("--tap and --junit tell of --runs or --seeds"));
    if (l->is_many && (v->json || v->html || v->svg || v->write))
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("--json, --html, --svg and --write are for one run, not for several"));
    l->first_seed = v->seed;
    l->last_seed = v->seed + (v->runs ? v->runs - 1 : 0);
    return v->seeds ? parse_seeds(l, err) : 0;
}

static int make_fates(struct lab_order *l, int64_t seed, struct err *err)
{
    fates_free(l->fates);
    l->fates = fates_new((uint64_t)seed);
    fates_set_distribution(l->fates, (enum fates_distribution)l->v.distribution);
    return add_orders(l, err);
}

void lab_reseed(struct lab_order *l, int64_t seed)
{
    struct err err;

    make_fates(l, seed, &err); /* they have been made before, so they are right */
}

static int check_faces(const struct lab_values *v, struct err *err)
{
    if (v->json + v->html + v->svg + v->quiet > 1)
        return err_set(err, ERR_MISUSE, -EINVAL, _("--json, --html, --svg and --quiet exclude each other"));
    if (v->step && (v->json || v->html || v->svg || v->runs || v->seeds))
        return err_set(err, ERR_MISUSE, -EINVAL,
            _("--step is for somebody who looks on: not with --json, --html, --svg, --runs or --seeds"));
    if (v->step && (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO)))
        return err_set(err, ERR_MISUSE, -ENOTTY, _("--step needs a terminal"));
    return 0;
}

static int begin(struct lab_order *l, struct options *o, struct err *err)
{
    int code = o->n_before ? find_lesson(l, o, err) : split(l, o, err);

    if (code == 0)
        code = check_faces(&l->v, err);
    if (code == 0)
        code = make_fates(l, l->v.seed, err);
    if (code == 0)
        code = parse_expects(l, err);
    return code == 0 ? plan_runs(l, err) : code;
}

static void done(struct lab_order *l)
{
    for (size_t i = 0; l->expects && l->expects[i]; i++)
        expect_free(l->expects[i]);
    free(l->expects);
    for (int side = 0; side < LAB_SIDES; side++)
        free(l->commands[side]);
    fates_free(l->fates);
}

static int run(int argc, char **argv)
{
    struct lab_order l = {.v = {.seed = 1}, .typed = argv, .typed_count = argc};
    struct options o;
    struct err err;
    int status;

    if (!cmd_begin(&o, &verb, &l.v, argc, argv, &status))
        return status;
    if (!o.n_args)
        status = lab_list_lessons();
    else if (begin(&l, &o, &err) < 0)
        status = cmd_fail(&err);
    else if (l.is_many)
        status = lab_runs(&l);
    else
        status = l.lesson ? lab_course(&l) : lab_run(&l);
    done(&l);
    options_done(&o);
    return status;
}

const struct command cmd_lab = {&verb, run, NULL};
