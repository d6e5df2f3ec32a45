"""Runs a command and prints what it cost as one JSON object: seconds, user and system seconds, peak memory in MB.

measure.py OUT COMMAND...: the command's standard output goes to the file OUT, its standard error to ours.
"""

import json
import resource
import subprocess
import sys
import time

out, *command = sys.argv[1:]
began = time.monotonic()
with open(out, "wb") as stdout:
    status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=stdout).returncode
seconds = time.monotonic() - began
usage = resource.getrusage(resource.RUSAGE_CHILDREN)
cost = {
    "seconds": seconds,
    "user": usage.ru_utime,
    "system": usage.ru_stime,
    "peak_mb": usage.ru_maxrss / 1024,
    "status": status,
}
print(json.dumps(cost))
sys.exit(0 if status == 0 else 1)
