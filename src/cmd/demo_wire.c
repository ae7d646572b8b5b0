/* SPDX-License-Identifier: ISC */
#include "cmd/demo_wire.h"

#include <stdlib.h>

#include "base/xmalloc.h"
#include "net/dgram.h"

struct demo_wire {
    struct loop *loop;
    struct dgram *near, *far;
    struct endpoint asker;
    int lose;
    demo_wire_told *told;
    void *arg;
};

static void from_asker(struct dgram *d, const struct dgram_message *m, void *arg)
{
    struct demo_wire *w = arg;

    w->asker = *m->peer;
    if (w->lose > 0) {
        w->lose--;
        w->told(DEMO_WIRE_LOST, m->data, m->len, w->arg);
        return;
    }
    if (!w->far)
        return;
    w->told(DEMO_WIRE_THERE, m->data, m->len, w->arg);
    dgram_send(w->far, NULL, m->data, m->len);
}

static void from_answerer(struct dgram *d, const struct dgram_message *m, void *arg)
{
    struct demo_wire *w = arg;

    w->told(DEMO_WIRE_BACK, m->data, m->len, w->arg);
    dgram_send(w->near, &w->asker, m->data, m->len);
}

static void on_error(struct dgram *d, const struct endpoint *peer, int code, const struct err *err, void *arg)
{
    /* An end that has gone shows at the other one, as it would on a real wire. */
}

static const struct dgram_events near_events = {.message = from_asker, .error = on_error};
static const struct dgram_events far_events = {.message = from_answerer, .error = on_error};

int demo_wire_new(
    struct loop *loop, int lose, demo_wire_told *told, void *arg, struct demo_wire **ret, struct err *err)
{
    struct demo_wire *w = xcalloc(1, sizeof(*w));
    struct endpoint here;
    int code;

    w->loop = loop;
    w->lose = lose;
    w->told = told;
    w->arg = arg;
    endpoint_from_numeric(&here, "127.0.0.1", 0);
    code = dgram_bind(loop, &here, &near_events, w, &w->near, err);
    if (code < 0) {
        demo_wire_free(w);
        return code;
    }
    *ret = w;
    return 0;
}

int demo_wire_plug(struct demo_wire *w, const struct endpoint *answerer, struct err *err)
{
    return dgram_connect(w->loop, answerer, &far_events, w, &w->far, err);
}

void demo_wire_near_end(const struct demo_wire *w, struct endpoint *ret)
{
    dgram_local(w->near, ret);
}

void demo_wire_free(struct demo_wire *w)
{
    if (!w)
        return;
    dgram_free(w->near);
    dgram_free(w->far);
    free(w);
}
