/* SPDX-License-Identifier: ISC */
#include "cmd/watch_confine.h"

#include <stdio.h>
#include <time.h>

#include "base/i18n.h"
#include "base/str.h"
#include "cmd/cmd_watch.h"
#include "show/json.h"

/* What libraries would open later: catalogues at the first text, the time zone at the first local time, and
 * for the first JSON object /dev/urandom. */
static void open_what_is_opened_late(void)
{
    struct str nothing = STR_INIT;

    i18n_load();
    tzset();
    json_end(json_begin(NULL), &nothing);
    str_done(&nothing);
}

void watch_confine(const struct sandbox_options *options, struct str *said)
{
    struct sandbox held;

    open_what_is_opened_late();
    sandbox_enter(options, &held);
    if (!held.is_built)
        str_append_str(said, _("read without a sandbox: a program built with a sanitizer has none"));
    else if (held.has_seccomp && held.landlock_abi)
        str_appendf(said, _("read in a sandbox: seccomp, and Landlock %d"), held.landlock_abi);
    else if (held.has_seccomp)
        str_append_str(said, _("read in a sandbox: seccomp; there is no Landlock here"));
    else if (held.landlock_abi)
        str_appendf(said, _("read in a sandbox: Landlock %d; there is no seccomp here"), held.landlock_abi);
    else
        str_append_str(said, _("read without a sandbox: there is neither seccomp nor Landlock here"));
}

void watch_confine_and_tell(const struct sandbox_options *options, const struct watch_order *w)
{
    struct str said = STR_INIT;

    watch_confine(options, &said);
    if (w->v.verbose)
        fprintf(stderr, "landline: %s\n", said.data);
    str_done(&said);
}

void watch_confine_reader(const struct watch_order *w)
{
    static const struct sandbox_options options = {.opener_fd = -1};

    watch_confine_and_tell(&options, w);
}
