/* SPDX-License-Identifier: ISC */
#include "cmd/watch_confine.h"

#include <stdio.h>
#include <time.h>

#include "base/i18n.h"
#include "base/str.h"

void watch_confine(const struct sandbox_options *options, struct str *said)
{
    struct sandbox held;

    i18n_load();
    tzset();
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

void watch_confine_and_tell(const struct sandbox_options *options, int verbose)
{
    struct str said = STR_INIT;

    watch_confine(options, &said);
    if (verbose)
        fprintf(stderr, "landline: %s\n", said.data);
    str_done(&said);
}
