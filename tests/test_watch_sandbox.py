# SPDX-License-Identifier: ISC
"""The sandbox that captures are read in: that every way of reading enters it before the first byte of the capture, and that
nothing of what is shown is lost by it. That it holds from within is see/sandbox_test.c's to show."""
import contextlib
import gzip
import os
import pathlib
import re
import subprocess
import tempfile
import time
import unittest

import captures
import conversations
import harness
import terminal

CAPTURE = captures.pcapng(conversations.made(11, 4)[0])
OVERVIEW_TELLS = 'packets'


def status_of(pid):
    """The fields of /proc/PID/status."""
    text = pathlib.Path(f'/proc/{pid}/status').read_text()
    return dict(line.split(':\t', 1) for line in text.splitlines() if ':\t' in line)


def landline(*args, env=None, stdin=subprocess.DEVNULL, **options):
    return subprocess.Popen([harness.LANDLINE, 'watch', *args], env=harness.environment(**(env or {})), stdin=stdin,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, **options)
