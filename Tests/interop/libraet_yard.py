"""One yard of libraet as a process of its own, driven by peer_io commands: the mate of reference_yard.py."""

import ctypes
import os
import sys
import traceback

from libraet_peer import LibraetPeer
from peer_io import emit
from raet_abi import C, u64


class LibraetYard(LibraetPeer):
    """A stack of kind lane, in the same loop and with the same events as one of kind road."""

    def do_start(self, name, lane, dir, body="json", strangers=True):
        raet, config, stack = self.raet, ctypes.c_void_p(), ctypes.c_void_p()
        raet.config_new(C["RAET_KIND_LANE"], ctypes.byref(config))
        for key, value in {"NAME": name, "LANE": lane, "DIR": dir}.items():
            raet.config_set_str(config, C["RAET_KEY_" + key], value.encode("utf-8"))
        raet.config_set_u64(config, C["RAET_KEY_ACCEPT_STRANGERS"], int(strangers))
        raet.stack_new(config, self.now(), ctypes.byref(stack))
        raet.config_free(config)
        self.stack, self.default_kind = stack, body
        raet.stack_open(stack, self.now())

    def do_add(self, name):
        remote = u64()
        self.raet.remote_add(self.stack, name.encode("utf-8"), None, ctypes.byref(remote))

    def do_status(self):
        remotes = {}
        for remote in self.remotes():
            text = self.remote_text(remote, "NAME")
            remotes[text] = {"endpoint": self.remote_text(remote, "ENDPOINT")}
        return {"name": self.raet.read_text(self.raet.stack_get_str, self.stack, C["RAET_KEY_NAME"]),
                "remotes": remotes}


if __name__ == "__main__":
    try:
        LibraetYard().run()
    except Exception:
        emit(event="crash", trace=traceback.format_exc())
        traceback.print_exc()
        os._exit(3)
    sys.exit(0)
