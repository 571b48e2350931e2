# SPDX-License-Identifier: MIT
"""The dialog runner: script (parse), server, wire, checks, play."""
