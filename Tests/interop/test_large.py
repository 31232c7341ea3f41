"""5 MB in one message: some 5,800 segments, more than the receiver's socket buffer holds."""

from harness import InteropCase, vary

SIZE = 5_000_000


class Large(InteropCase):

    def check(self, role, direction, head, body, accept):
        us, they, _, _ = self.connected_pair(role == "main", accept, head=head, body=body)
        subject_sends = direction == "sends"
        sender, receiver = (us, they) if subject_sends else (they, us)
        # Small ones beside the large one, in both directions, neither wait for it nor hold it up.
        large = self.send(sender, receiver, SIZE)
        small = [(us, they, self.send(us, they, 100, 3)), (they, us, self.send(they, us, 100, 3))]
        for one, other, ids in small:
            self.wait_messages(other, ids)
        self.wait_messages(receiver, large, 90)
        self.wait_ends(sender, large, 20)
        self.finish()


vary(Large, "as_{}_{}", Large.check, [
    ("main", "sends"), ("main", "receives"), ("joiner", "sends"), ("joiner", "receives"),
    # Again, so that the pairs of head and body meet other roles and directions.
    ("main", "receives"), ("joiner", "sends"), ("joiner", "receives"), ("main", "sends")])
