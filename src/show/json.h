/* SPDX-License-Identifier: ISC */
#ifndef SHOW_JSON_H
#define SHOW_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct str;

/* One JSON object, written as one line for --json. Keys come out in the order they were added, and stay valid
 * for programs: they are ASCII literals of ours, in lower case with underscores and the unit at the end
 * ("round_trip_us"), and are never renamed.
 *
 *     struct json *j = json_begin("answered");
 *     json_add_bytes(j, "reply", data, len);
 *     json_open(j, "tcp");
 *     json_add_int(j, "retransmits", 0);
 *     json_close(j);
 *     json_end(j, &line);
 */
struct json;

/* event becomes the first key, "event": what sort of line this is. NULL leaves it out. */
struct json *json_begin(const char *event);
/* Appends the object and a line feed to out, and frees it. What is open is closed. The line is plain UTF-8,
 * and safe on a terminal: whatever utf8_escape would escape is a \uXXXX, which JSON readers turn back. */
void json_end(struct json *j, struct str *out);

/* Inside a list keys are not used, and may be NULL. */
/* Text of ours, or at least UTF-8; where it is not, as json_add_bytes. NULL becomes null. */
void json_add_text(struct json *j, const char *key, const char *text);
/* What a peer sent. UTF-8 goes in as it is. Of anything else KEY holds it as people would be shown it, with
 * \xHH for each bad byte, and KEY_base64 (absent otherwise) holds the bytes themselves; in a list only the
 * former. */
void json_add_bytes(struct json *j, const char *key, const void *data, size_t len);
void json_add_int(struct json *j, const char *key, int64_t number);
/* null where it is not finite. */
void json_add_real(struct json *j, const char *key, double number);
void json_add_bool(struct json *j, const char *key, bool value);

/* An object or a list inside the one that is open; at most JSON_DEPTH_MAX deep. */
#define JSON_DEPTH_MAX 8
void json_open(struct json *j, const char *key);
void json_open_list(struct json *j, const char *key);
void json_close(struct json *j);

#endif
