/* SPDX-License-Identifier: ISC */
#include "lab/diag.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/inet_diag.h>
#include <linux/sock_diag.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <libmnl/libmnl.h>

#include "base/i18n.h"
#include "base/xmalloc.h"

#define ANSWER_BYTES 32768

/* include/net/tcp_states.h, which no header for programs has in full. */
enum {
    KERNEL_ESTABLISHED = 1,
    KERNEL_SYN_SENT,
    KERNEL_SYN_RECV,
    KERNEL_FIN_WAIT1,
    KERNEL_FIN_WAIT2,
    KERNEL_TIME_WAIT,
    KERNEL_CLOSE,
    KERNEL_CLOSE_WAIT,
    KERNEL_LAST_ACK,
    KERNEL_LISTEN,
    KERNEL_CLOSING,
    KERNEL_NEW_SYN_RECV,
    KERNEL_STATES,
};

static const uint8_t states[KERNEL_STATES] = {
    [KERNEL_ESTABLISHED] = FLOW_ESTABLISHED,
    [KERNEL_SYN_SENT] = FLOW_SYN_SENT,
    [KERNEL_SYN_RECV] = FLOW_SYN_RECEIVED,
    [KERNEL_FIN_WAIT1] = FLOW_FIN_WAIT_1,
    [KERNEL_FIN_WAIT2] = FLOW_FIN_WAIT_2,
    [KERNEL_TIME_WAIT] = FLOW_TIME_WAIT,
    [KERNEL_CLOSE] = FLOW_CLOSED,
    [KERNEL_CLOSE_WAIT] = FLOW_CLOSE_WAIT,
    [KERNEL_LAST_ACK] = FLOW_LAST_ACK,
    [KERNEL_LISTEN] = FLOW_LISTEN,
    [KERNEL_CLOSING] = FLOW_CLOSING,
    [KERNEL_NEW_SYN_RECV] = FLOW_SYN_RECEIVED,
};

struct diag {
    int fd; /* blocking: the kernel answers while it is asked */
    uint32_t seq;
    uint8_t answer[ANSWER_BYTES];
};

const char *diag_state_name(enum flow_state state)
{
    static const char *const names[FLOW_STATES] = {
        [FLOW_CLOSED] = "CLOSED",
        [FLOW_LISTEN] = "LISTEN",
        [FLOW_SYN_SENT] = "SYN_SENT",
        [FLOW_SYN_RECEIVED] = "SYN_RECV",
        [FLOW_ESTABLISHED] = "ESTABLISHED",
        [FLOW_FIN_WAIT_1] = "FIN_WAIT1",
        [FLOW_FIN_WAIT_2] = "FIN_WAIT2",
        [FLOW_CLOSE_WAIT] = "CLOSE_WAIT",
        [FLOW_CLOSING] = "CLOSING",
        [FLOW_LAST_ACK] = "LAST_ACK",
        [FLOW_TIME_WAIT] = "TIME_WAIT",
    };

    return names[state];
}

/* The socket asks where it was made, wherever we are later. */
int diag_new(int netns, struct diag **ret, struct err *err)
{
    int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), fd = -1, code = 0;
    struct diag *d;

    if (home < 0 || setns(netns, CLONE_NEWNET) < 0 ||
        (fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_SOCK_DIAG)) < 0)
        code = -errno;
    if (home >= 0 && setns(home, CLONE_NEWNET) < 0 && code == 0)
        code = -errno;
    if (home >= 0)
        close(home);
    if (code < 0) {
        if (fd >= 0)
            close(fd);
        return err_set(
            err, err_kind_of(code), code, _("the kernel cannot be asked for states: %s"), err_word(code));
    }
    d = xcalloc(1, sizeof(*d));
    d->fd = fd;
    *ret = d;
    return 0;
}

void diag_free(struct diag *d)
{
    if (!d)
        return;
    close(d->fd);
    free(d);
}

/* ---- asking ---- */

struct question {
    struct nlmsghdr header;
    struct inet_diag_req_v2 request;
};

static struct question question_of(struct diag *d, uint8_t family, uint8_t protocol, uint16_t flags)
{
    return (struct question){
        .header = {.nlmsg_len = sizeof(struct question),
            .nlmsg_type = SOCK_DIAG_BY_FAMILY,
            .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
            .nlmsg_seq = ++d->seq},
        .request = {.sdiag_family = family, .sdiag_protocol = protocol, .idiag_states = UINT32_MAX},
    };
}

/* 0 and *ret_len bytes of answer. */
static int receive(struct diag *d, size_t *ret_len)
{
    ssize_t len;

    do
        len = recv(d->fd, d->answer, sizeof(d->answer), 0);
    while (len < 0 && errno == EINTR);
    if (len < 0)
        return -errno;
    *ret_len = (size_t)len;
    return 0;
}

static int ask(struct diag *d, const struct question *q)
{
    return send(d->fd, q, sizeof(*q), 0) < 0 ? -errno : 0;
}

static int take(const struct nlmsghdr *header, struct diag_socket *ret)
{
    const struct inet_diag_msg *m = mnl_nlmsg_get_payload(header);

    if (mnl_nlmsg_get_payload_len(header) < sizeof(*m))
        return -EBADMSG;
    *ret = (struct diag_socket){
        .state = m->idiag_state < KERNEL_STATES ? states[m->idiag_state] : FLOW_UNKNOWN,
        .timer = m->idiag_timer,
        .retransmits = m->idiag_retrans,
        .expires_ms = m->idiag_expires,
        .unread_bytes = m->idiag_rqueue,
        .unacked_bytes = m->idiag_wqueue,
        .inode = m->idiag_inode,
    };
    return 0;
}

/* The answer to one question for one socket: it, or an error. Older answers, of questions that were given up,
 * are passed over. */
static int receive_one(struct diag *d, struct diag_socket *ret)
{
    for (;;) {
        const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)d->answer;
        size_t len = 0;
        int code = receive(d, &len);

        if (code < 0)
            return code;
        if (!mnl_nlmsg_ok(header, (int)len))
            return -EBADMSG;
        if (header->nlmsg_seq != d->seq)
            continue;
        if (header->nlmsg_type == NLMSG_ERROR) {
            const struct nlmsgerr *error = mnl_nlmsg_get_payload(header);

            return error->error ? error->error : -EBADMSG;
        }
        return take(header, ret);
    }
}

int diag_connection(
    struct diag *d, const struct diag_key *key, struct diag_socket *ret, bool *ret_is_listener)
{
    const size_t bytes = key->ip_version == 4 ? 4 : 16;
    struct question q = question_of(d, key->ip_version == 4 ? AF_INET : AF_INET6, IPPROTO_TCP, 0);
    struct inet_diag_sockid *id = &q.request.id;
    struct diag_socket found;
    int code;

    id->idiag_sport = htons(key->local_port);
    id->idiag_dport = htons(key->remote_port);
    memcpy(id->idiag_src, key->local, bytes);
    memcpy(id->idiag_dst, key->remote, bytes);
    id->idiag_cookie[0] = id->idiag_cookie[1] = INET_DIAG_NOCOOKIE;
    code = ask(d, &q);
    if (code == 0)
        code = receive_one(d, &found);
    if (code == -ENOENT || (code == 0 && found.state == FLOW_LISTEN)) {
        *ret_is_listener = code == 0;
        return -ENOENT;
    }
    if (code == 0)
        *ret = found;
    return code;
}

/* ---- who waits to be called ---- */

struct count {
    int servers;
    bool is_udp;
};

static int on_socket(const struct nlmsghdr *header, void *arg)
{
    const struct inet_diag_msg *m = mnl_nlmsg_get_payload(header);
    struct count *c = arg;

    if (mnl_nlmsg_get_payload_len(header) >= sizeof(*m) && (!c->is_udp || !m->id.idiag_dport))
        c->servers++;
    return MNL_CB_OK;
}

static int count_of(struct diag *d, uint8_t family, uint8_t protocol)
{
    struct question q = question_of(d, family, protocol, NLM_F_DUMP);
    struct count count = {.is_udp = protocol == IPPROTO_UDP};
    int code, more = MNL_CB_OK;

    if (!count.is_udp)
        q.request.idiag_states = 1U << KERNEL_LISTEN;
    code = ask(d, &q);
    while (code == 0 && more == MNL_CB_OK) {
        size_t len = 0;

        code = receive(d, &len);
        if (code < 0)
            break;
        more = mnl_cb_run(d->answer, len, d->seq, 0, on_socket, &count);
        if (more < 0)
            code = -errno;
    }
    /* A kernel without the module for it has none. */
    return code == -ENOENT ? 0 : code < 0 ? code : count.servers;
}

int diag_count_servers(struct diag *d)
{
    static const struct {
        uint8_t family, protocol;
    } kinds[] = {
        {AF_INET, IPPROTO_TCP}, {AF_INET6, IPPROTO_TCP}, {AF_INET, IPPROTO_UDP}, {AF_INET6, IPPROTO_UDP}};
    int sum = 0;

    for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
        int count = count_of(d, kinds[i].family, kinds[i].protocol);

        if (count < 0)
            return count;
        sum += count;
    }
    return sum;
}
