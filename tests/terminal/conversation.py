"""Runs a command on a pseudo terminal and talks to it as a person would.

usage: conversation.py COLUMNS COMMAND ARGUMENT...   with the steps as a JSON list on standard input:
  {"expect": REGEX}   waits until what was printed since the last match matches, line by line
  {"send": TEXT}      types it
  {"run": [COMMAND, ...]}   runs another command beside it
The command must end by itself after the last step. Prints everything that it printed; exit 1 and the step where the
conversation got stuck.
"""

import errno
import fcntl
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time

# Only bounds a failure: nothing waits for it.
PATIENCE_SECONDS = 120
STYLE = re.compile(r"\x1b(\[[0-9;?<>=]*[ -/]*[@-~]|\][^\x07]*\x07|[=>78])")
WHERE_IS_THE_CURSOR = b"\x1b[6n"


class Terminal:
    def __init__(self, columns, command):
        self.pid, self.master = pty.fork()
        if self.pid == 0:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
            os.execvp(command[0], command)
        self.said = b""
        self.seen = 0

    def text(self):
        return STYLE.sub("", self.said.decode("utf-8", "replace")).replace("\r", "")

    def read(self, deadline):
        """Whether there may be more."""
        ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
        if not ready:
            return False
        try:
            some = os.read(self.master, 65536)
        except OSError as error:
            if error.errno != errno.EIO:
                raise
            return False
        self.said += some
        for _ in range(some.count(WHERE_IS_THE_CURSOR)):
            os.write(self.master, b"\x1b[1;1R")
        return bool(some)

    def expect(self, pattern):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            found = re.search(pattern, self.text()[self.seen :], re.MULTILINE)
            if found:
                self.seen += found.end()
                return True
            if not self.read(deadline):
                return False

    def end(self):
        deadline = time.monotonic() + PATIENCE_SECONDS
        while self.read(deadline):
            pass
        _, status = os.waitpid(self.pid, 0)
        return os.waitstatus_to_exitcode(status)


def main():
    steps = json.load(sys.stdin)
    terminal = Terminal(int(sys.argv[1]), sys.argv[2:])
    for step in steps:
        if "send" in step:
            os.write(terminal.master, step["send"].encode())
        elif "run" in step:
            subprocess.run(step["run"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        elif not terminal.expect(step["expect"]):
            print(terminal.text())
            print(f"stuck at {step}", file=sys.stderr)
            os.kill(terminal.pid, 9)
            return 1
    status = terminal.end()
    print(terminal.text())
    if status != 0:
        print(f"exit {status}", file=sys.stderr)
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
