/* SPDX-License-Identifier: ISC */
/* How a connection begins. */
#include "base/i18n.h"
#include "lab/lessons.h"

static const struct act greet[] = {
    {ACT_CONNECT, 0}, {ACT_SEND, 5}, {ACT_RECEIVE, 5}, {ACT_CLOSE, 0}, {ACT_END, 0}};
static const struct act serve[] = {{ACT_LISTEN, 8}, {ACT_ACCEPT, 0}, {ACT_RECEIVE, 5}, {ACT_SEND, 5},
    {ACT_RECEIVE_END, 0}, {ACT_CLOSE, 0}, {ACT_END, 0}};

const struct lesson lesson_handshake = {
    .name = "handshake",
    .title = N_("the three-way handshake"),
    .before =
        N_("The client calls the server, says five bytes, hears five, and hangs up. Watch the first three "
           "segments."),
    .why = N_("Three segments open a connection since each side has something to say and something to hear: "
              "its own "
              "first number (SYN), and that the other's has arrived (ACK). The server says both in one "
              "segment. Two "
              "would not do: after SYN and SYN+ACK the server cannot know whether its number has arrived, "
              "nor whether "
              "the SYN was a fresh one or an old one that had been under way for long."),
    .question = N_("connect() returned before the third segment had come to the server. Why may it?"),
    .answer = N_(
        "For the client the connection is open as soon as the SYN+ACK is there: it knows both numbers, and "
        "that its own has arrived. The third segment is for the server."),
    .acts = {[LAB_CLIENT] = greet, [LAB_SERVER] = serve},
};
