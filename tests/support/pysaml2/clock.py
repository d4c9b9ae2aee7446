"""The clock of pysaml2, which a test may set wrong."""

import datetime
import time

import saml2.time_util


class Clock:
    """What `saml2.time_util` reads the present from: its modules `time` and `datetime.datetime` at once."""

    def __init__(self):
        self.offset = 0
        saml2.time_util.time = self
        saml2.time_util.datetime = self

    def gmtime(self, seconds=None):
        return time.gmtime(time.time() + self.offset if seconds is None else seconds)

    def now(self, zone):
        return datetime.datetime.now(zone) + datetime.timedelta(seconds=self.offset)

    def __getattr__(self, name):
        """What has nothing to do with the present is the module's own."""
        return getattr(time, name)
