# SPDX-License-Identifier: MIT
"""What comes a little later: a line of the log is written at the end of the
loop's turn, after the reply that it tells of."""
import time

WAIT = 60  # seconds; generous, machines are slow


def until(what, *logs, seconds=WAIT):
    """Calls what() until it gives something true, and returns that; in vain,
    it fails with what the logs() say."""
    end = time.monotonic() + seconds
    while True:
        result = what()
        if result:
            return result
        assert time.monotonic() < end, \
            "\n".join(["waited in vain", *(log() for log in logs)])
        time.sleep(0.01)


class LogReader:
    """For servers with a log()."""

    def lines(self, *words):
        """Those that have all of these."""
        return [line for line in self.log().splitlines()
                if all(word in line for word in words)]

    def wait_line(self, *words, count=1):
        """The same, once there are so many."""
        until(lambda: len(self.lines(*words)) >= count, self.log)
        return self.lines(*words)
