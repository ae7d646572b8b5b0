/* SPDX-License-Identifier: ISC */
/* lab -- SERVER -- CLIENT: both run, the wire is drawn. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/i18n.h"
#include "base/str.h"
#include "cmd/cmd.h"
#include "cmd/cmd_lab.h"
#include "cmd/lab_output.h"
#include "cmd/lab_step.h"
#include "cmd/lab_view.h"
#include "lab/expect.h"
#include "lab/lesson.h"
#include "lab/session.h"
#include "show/term.h"

#define REST_NS INT64_C(50000000) /* of silence, after which what was kept back is shown */

struct run {
    struct lab_order *l;
    struct lab_view *view;
    struct session *session;
    struct lab_output *outputs[LAB_SIDES];
    struct actor actors[LAB_SIDES]; /* of a scenario */
    bool told[LAB_SIDES];           /* how it ended */
    struct lab_step *step;          /* NULL: nobody is asked */
    int nothing;                    /* /dev/null: the server's input; ours is the client's */
    int64_t busy_ns;                /* monotonic: when something was shown last */
    bool is_at_rest;
    bool has_typist; /* somebody may answer a prompt */
};

/* cmd/ may have what a handler must reach. */
static volatile sig_atomic_t interrupts, typed, latest;

/* As Ctrl-C twice. */
static void end_all(int signum)
{
    interrupts += 2;
    latest = signum;
}

static void on_signal(int signum, siginfo_t *info, void *context)
{
    interrupts += signum == SIGINT ? 1 : 2; /* the first is for the client alone */
    latest = signum;
    typed = signum == SIGINT && info->si_code > 0; /* the terminal's, which has told everybody */
}

/* ---- from the wire and the programs ---- */

static void on_line_of(struct run *r, enum lab_side side, const char *text, size_t len)
{
    r->busy_ns = clock_now_ns();
    r->is_at_rest = false;
    lab_view_output(r->view, side, text, len);
}

static void on_client_line(void *arg, const char *text, size_t len)
{
    on_line_of(arg, LAB_CLIENT, text, len);
}

static void on_server_line(void *arg, const char *text, size_t len)
{
    on_line_of(arg, LAB_SERVER, text, len);
}

static void (*const on_line[LAB_SIDES])(void *arg, const char *text, size_t len) = {
    [LAB_CLIENT] = on_client_line, [LAB_SERVER] = on_server_line};

static void read_outputs(struct run *r)
{
    for (int side = 0; side < LAB_SIDES; side++)
        if (r->outputs[side] && lab_output_fd(r->outputs[side]) >= 0)
            lab_output_read(r->outputs[side], on_line[side], r);
}

static void on_event(void *arg, const struct wire_event *event)
{
    struct run *r = arg;

    read_outputs(r); /* they were printed before */
    r->busy_ns = clock_now_ns();
    r->is_at_rest = false;
    lab_view_see(r->view, event);
}

/* What has happened is on the screen before the question is. */
static void on_packet(void *arg, const struct wire_event *event, struct fate *fate)
{
    struct run *r = arg;

    read_outputs(r);
    lab_view_rest(r->view);
    if (lab_step_decide(r->step, event, fate))
        end_all(SIGINT);
}

static void on_ended(void *arg, const struct conversation *c)
{
    struct run *r = arg;

    for (struct expect **e = r->l->expects; *e; e++)
        expect_take_conversation(*e, c);
    lab_view_end(r->view, c);
}

/* ---- the run ---- */

/* As a shell has it. */
static int plain_status(int status)
{
    return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

static void tell_ends(struct run *r)
{
    bool was_stopped;
    int status;

    for (int side = 0; side < LAB_SIDES; side++) {
        if (r->told[side] || !session_ended(r->session, (enum lab_side)side, &status))
            continue;
        read_outputs(r);
        lab_output_rest(r->outputs[side], on_line[side], r);
        was_stopped = session_was_stopped(r->session, (enum lab_side)side);
        lab_view_exit(r->view, (enum lab_side)side, status, was_stopped);
        for (struct expect **e = r->l->expects; *e; e++)
            expect_take_exit(*e, (enum lab_side)side, plain_status(status), was_stopped);
        r->told[side] = true;
    }
}

/* A prompt has no line feed and waits for us: where somebody sits there it is shown, and everything that was
 * kept back. Nobody else needs half a line. */
static void rest(struct run *r)
{
    if (r->is_at_rest || clock_now_ns() - r->busy_ns < REST_NS)
        return;
    for (int side = 0; r->has_typist && side < LAB_SIDES; side++)
        lab_output_rest(r->outputs[side], on_line[side], r);
    lab_view_rest(r->view);
    r->is_at_rest = true;
}

static int turn(struct run *r, struct err *err)
{
    struct pollfd fds[LAB_SIDES];
    int phase;

    for (int side = 0; side < LAB_SIDES; side++)
        fds[side] = (struct pollfd){.fd = lab_output_fd(r->outputs[side]), .events = POLLIN};
    phase = session_turn(r->session, fds, LAB_SIDES, err);
    if (phase < 0)
        return phase;
    read_outputs(r);
    tell_ends(r);
    rest(r);
    return phase;
}

static int run_session(struct run *r, struct err *err)
{
    sig_atomic_t seen = 0;
    int phase = SESSION_STARTING, before = SESSION_STARTING;

    while (phase != SESSION_OVER) {
        phase = turn(r, err);
        if (phase < 0)
            return phase;
        if (before == SESSION_STARTING && phase == SESSION_TALKING)
            lab_output_started(r->outputs[LAB_CLIENT]);
        before = phase;
        while (interrupts > seen) {
            seen++;
            session_interrupt(r->session, typed);
        }
    }
    return 0;
}

static int begin(struct run *r, struct err *err)
{
    const struct lab_values *v = &r->l->v;
    const struct lesson *lesson = r->l->lesson;
    struct lab_view_options view = {
        .face = v->json    ? LAB_VIEW_JSON
                : v->svg   ? LAB_VIEW_SVG
                : v->html  ? LAB_VIEW_HTML
                : v->quiet ? LAB_VIEW_QUIET
                           : LAB_VIEW_TEXT,
        .every = v->every,
        .absolute = v->absolute,
        .ascii = v->ascii,
        .no_color = v->no_color,
        .no_notes = lesson && lesson->is_crowd,
        .write = v->write,
        .title = _("landline lab"),
    };
    struct session_options session = {
        .hosts = {.backend = (uint8_t)v->backend,
            .offload = fates_are_none(r->l->fates) && !lesson && !v->step},
        .wire = {.fates = r->l->fates, .see = on_event, .ended = on_ended, .arg = r},
        .states = !(v->fast && v->quiet),
        .lockstep = !v->fast,
        .settle_ns = v->settle_ns,
        .limit_ns = v->for_ns,
    };
    int code = lab_view_new(&view, &r->view, err);

    if (lesson) {
        session.settings = lesson->settings;
        session.at_once = lesson->at_once;
        if (!v->settle_ns)
            session.settle_ns = v->full && lesson->full_ns ? lesson->full_ns : lesson->settle_ns;
    }
    r->nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
    for (int side = 0; code == 0 && side < LAB_SIDES; side++) {
        int fd;

        code = lab_output_new(&r->outputs[side], err);
        if (code < 0)
            break;
        fd = lab_output_program_fd(r->outputs[side]);
        session.programs[side] = (struct program_options){.argv = r->l->argv[side], .fds = {-1, fd, fd}};
        if (!lesson)
            continue;
        r->actors[side] = (struct actor){
            .side = (uint8_t)side,
            .acts = v->full && lesson->full_acts[side] ? lesson->full_acts[side] : lesson->acts[side],
        };
        session.programs[side].function = actor_run;
        session.programs[side].arg = &r->actors[side];
    }
    session.programs[LAB_SERVER].fds[0] = r->nothing;
    if (v->step) { /* the keys are ours, then */
        session.programs[LAB_CLIENT].fds[0] = r->nothing;
        session.wire.decide = on_packet;
        r->step = lab_step_new(term_wants_color(STDERR_FILENO, v->no_color));
    }
    if (code == 0)
        code = session_new(&session, &r->session, err);
    if (code == 0) {
        lab_output_started(r->outputs[LAB_SERVER]);
        lab_view_set_follow(r->view, wire_follow(session_wire(r->session)));
    }
    return code;
}

/* The client's own, and the server's if that failed by itself. */
static int exit_status(const struct run *r)
{
    int status = 0;

    if (session_ran_out(r->session))
        return ERR_TIMEOUT;
    if (interrupts > 1)
        return 128 + latest;
    if (r->l->lesson) /* that a call fails may be what it shows */
        return 0;
    for (int side = 0; side < LAB_SIDES; side++)
        if (session_ended(r->session, (enum lab_side)side, &status) && status &&
            !session_was_stopped(r->session, (enum lab_side)side))
            return plain_status(status);
    return 0;
}

/* Says what was not as expected; the exit status. */
static int judge(const struct run *r)
{
    struct str why = STR_INIT, line = STR_INIT;
    int status = 0;

    for (struct expect **e = r->l->expects; *e; e++) {
        str_reset(&why);
        if (expect_is_met(*e, &why))
            continue;
        str_reset(&line);
        str_appendf(&line, _("expected '%s', but %s"), expect_text(*e), why.data);
        fprintf(stderr, "%s\n", line.data);
        status = ERR_OTHER;
    }
    str_done(&why);
    str_done(&line);
    return status;
}

int lab_run(struct lab_order *l)
{
    const struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
    struct run r = {.l = l, .nothing = -1, .has_typist = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO)};
    struct err err;
    int status = 0, code;

    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGHUP, &action, NULL);
    code = begin(&r, &err);
    if (code == 0)
        code = run_session(&r, &err);
    if (code == 0) {
        wire_finish(session_wire(r.session));
        status = exit_status(&r);
        code = lab_view_finish(r.view, &err);
        if (code == 0 && *l->expects && !session_ran_out(r.session))
            status = judge(&r);
    }
    if (code < 0)
        status = cmd_fail(&err);
    session_free(r.session);
    for (int side = 0; side < LAB_SIDES; side++)
        lab_output_free(r.outputs[side]);
    lab_view_free(r.view);
    lab_step_free(r.step);
    if (r.nothing >= 0)
        close(r.nothing);
    return status;
}
