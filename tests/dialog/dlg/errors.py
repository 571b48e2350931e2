# SPDX-License-Identifier: MIT
"""How a dialog fails."""


class DialogError(Exception):
    """The dialog file itself is wrong."""


class Failure(Exception):
    """The server did not do what the dialog expects."""
