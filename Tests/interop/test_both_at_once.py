"""Both join, and both allow, at the same time: one of the two gives way, whoever has the lesser name."""

from harness import InteropCase, vary


class BothAtOnce(InteropCase):

    def check(self, place, head, body, accept):
        names = ("alpha", "omega") if place == "lesser" else ("omega", "alpha")
        options = {"main": True, "mutable": True, "head": head, "body": body, "accept": accept}
        us, they = self.subject(names[0], **options).start(), self.mate(names[1], **options).start()
        for one, other in ((us, they), (they, us)):
            one.call("add", host="127.0.0.1", port=other.port, name=other.name)
        for one, other in ((us, they), (they, us)):
            one.call("connect", name=other.name)
        if accept == "never":
            us.accept(they.name)
            they.accept(us.name)
        self.meet(us, they)
        self.exchange(us, they, sizes=((100, 5), (100_000, 1)))

        # Both know each other now, come back at once, and each joins the other with its number (not vacuous).
        for one in (us, they):
            one.stop()
        for one in (us, they):
            one.start()
        for one, other in ((us, they), (they, us)):
            one.call("join", name=other.name)
        for one, other in ((us, they), (they, us)):
            one.call("connect", name=other.name)
        self.meet(us, they)
        # Which of the two handshakes came last shows only in messages that pass.
        self.forgiving = True
        self.settle(us, they)
        self.forgiving = False
        self.exchange(us, they)
        self.forgiving = True
        self.finish()


vary(BothAtOnce, "with_the_{}_name", BothAtOnce.check, 3 * [("lesser",), ("greater",)])
