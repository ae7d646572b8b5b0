/* SPDX-License-Identifier: ISC */
/* Every colour is there twice: programs that know no variables (most that are not browsers) skip the second
 * and have the light one. Paper is light. */
#include "show/ladder_svg.h"

#define MONO "ui-monospace,'SF Mono',Menlo,Consolas,'DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace"
#define SANS                                                                                                 \
    "system-ui,-apple-system,'Segoe UI',Roboto,'Noto Sans','PingFang SC','Microsoft YaHei',"                 \
    "'Noto Sans CJK SC','WenQuanYi Micro Hei',sans-serif"

const char ladder_svg_style[] =
    ":root{--ink:#1c2128;--dim:#59636e;--page:#fff;--rule:#d1d9e0;--hover:#f0f4f9;--n:#4a5568;--w:#9a5200;"
    "--e:#c1121f;--s0:#b4bcc5;--s1:#6b7684;--s2:#c27c00;--s3:#1a8f4b;--s4:#2563d9;--s5:#8b3fd1;--s6:#0b8a97}"
    "\n"
    "@media screen and (prefers-color-scheme:dark){"
    ":root{--ink:#e6ebf1;--dim:#9aa5b1;--page:#12161c;--rule:#343c46;--hover:#1c232c;--n:#a9b4c0;--w:#f0a94b;"
    "--e:#ff7b72;--s0:#4b5560;--s1:#8b97a4;--s2:#e3a730;--s3:#43c478;--s4:#6ea3ff;--s5:#c08cff;--s6:#3cc3d1}}"
    "\n"
    ".l{stroke-width:4;fill:none}.l.g{stroke-dasharray:3 4}\n"
    ".s0{stroke:#b4bcc5;stroke:var(--s0);fill:#b4bcc5;fill:var(--s0)}.l.s0{stroke-width:2}\n"
    ".s1{stroke:#6b7684;stroke:var(--s1);fill:#6b7684;fill:var(--s1)}\n"
    ".s2{stroke:#c27c00;stroke:var(--s2);fill:#c27c00;fill:var(--s2)}\n"
    ".s3{stroke:#1a8f4b;stroke:var(--s3);fill:#1a8f4b;fill:var(--s3)}\n"
    ".s4{stroke:#2563d9;stroke:var(--s4);fill:#2563d9;fill:var(--s4)}\n"
    ".s5{stroke:#8b3fd1;stroke:var(--s5);fill:#8b3fd1;fill:var(--s5)}\n"
    ".s6{stroke:#0b8a97;stroke:var(--s6);fill:#0b8a97;fill:var(--s6)}\n"
    ".t{fill-opacity:.16;stroke-width:1}.t.i{stroke-dasharray:3 2}\n"
    ".a{fill:none;stroke:#4a5568;stroke:var(--n);stroke-width:1.6}.a.r{stroke-width:9;stroke-opacity:.45}\n"
    ".a.w{stroke:#9a5200;stroke:var(--w);stroke-width:2.2}.a.e,.x{stroke:#c1121f;stroke:var(--e);"
    "stroke-width:2.2}.x{fill:none}.a.c{stroke-dasharray:7 4}.a.k{stroke-width:1.1;stroke-dasharray:3 3}\n"
    ".h{fill:#4a5568;fill:var(--n)}.h.w{fill:#9a5200;fill:var(--w)}.h.e,.o{fill:#c1121f;fill:var(--e)}\n"
    ".v{fill:none;stroke:#d1d9e0;stroke:var(--rule);stroke-dasharray:2 4}\n"
    ".p,.u{fill:#fff;fill:var(--page);stroke:#d1d9e0;stroke:var(--rule)}\n"
    ".bg{fill:#fff;fill:var(--page)}.f{fill-opacity:0}.rung:hover>.f,.rung:target>.f{fill:var(--hover);"
    "fill-opacity:1}.rung:target>.f{stroke:var(--s4)}\n"
    "svg text{fill:#1c2128;fill:var(--ink);font:12px " SANS "}\n"
    "svg .q,svg .z,svg .y,svg .tt,svg .nm{font-family:" MONO ";font-variant-numeric:tabular-nums}\n"
    "svg .q{font-size:13px;text-anchor:middle}svg .m{text-anchor:middle}svg .z{text-anchor:end}\n"
    "svg .tt{font-size:10.5px;text-anchor:middle}svg .nm{font-size:14px;font-weight:600;text-anchor:middle}\n"
    "svg .z.d,svg .y.d{font-size:11px}svg .hd{font-size:18px;font-weight:650}svg .ex{font-size:13px}\n"
    "svg .d{fill:#59636e;fill:var(--dim)}svg text.w,svg tspan.w{fill:#9a5200;fill:var(--w)}\n"
    "svg text.e,svg tspan.e{fill:#c1121f;fill:var(--e)}svg .b{font-weight:700}\n";
