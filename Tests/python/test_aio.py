"""In a program of asyncio's, roads, lanes and routers are serviced by its loop, and tasks wait for what happens there."""

from __future__ import annotations

import asyncio
import math
import tempfile
import unittest
import unittest.mock
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

from support import PATIENCE

import libraet
from libraet import EventType, Status
from libraet._loop import Waiting
from libraet.aio import Service


class ServiceTest(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self) -> None:
        folder = ExitStack()
        self.addCleanup(folder.close)
        self.folder = Path(folder.enter_context(tempfile.TemporaryDirectory(prefix="raet-")))
        self.services = AsyncExitStack()
        self.addAsyncCleanup(self.services.aclose)

    def service(self, target: Any) -> Service[Any]:
        """A service, closed at the end of the test."""
        service = Service(target)
        self.services.push_async_callback(service.close, 0.0)
        return service

    def road(self, name: str, **settings: Any) -> Service[libraet.Road]:
        settings = {"accept": "once", "endpoint": "127.0.0.1:0", **settings}
        return self.service(libraet.Road(name, **settings))

    def lane(self, name: str, **settings: Any) -> Service[libraet.Lane]:
        return self.service(libraet.Lane(name, directory=self.folder, **settings))

    async def pair(self) -> tuple[Service[libraet.Road], Service[libraet.Road], libraet.Remote]:
        """A main estate, another one, and the main as that sees it. No events are left."""
        alpha, beta = self.road("alpha", main=True), self.road("beta")
        peer = await beta.connected(beta.target.connect(alpha.target.endpoint, wait=False), PATIENCE)
        self.assertTrue(await alpha.until(lambda: all(remote.allowed for remote in alpha.target.remotes), PATIENCE))
        for service in (alpha, beta):
            async for _ in service.events(0):
                pass
        return alpha, beta, peer

    async def message(self, service: Service[Any]) -> libraet.Event:
        """The next message; events before it are dropped."""
        async for event in service.events(PATIENCE):
            if event.type == EventType.MESSAGE:
                return event
        self.fail("no message came")


class RoadTest(ServiceTest):
    async def test_messages_pass_both_ways(self) -> None:
        alpha, beta, peer = await self.pair()
        delivery = peer.send({"n": 1}, tag="first")
        self.assertIs(await beta.ended(delivery, PATIENCE), delivery)
        asked = await self.message(alpha)
        self.assertEqual(asked.body, {"n": 1})
        assert asked.remote is not None
        asked.remote.send({"n": 2})
        self.assertEqual((await self.message(beta)).body, {"n": 2})

    async def test_large_message_passes_while_other_tasks_go_on(self) -> None:
        alpha, beta, peer = await self.pair()
        body = bytes(range(256)) * 4000
        steps = 0

        async def walk() -> None:
            nonlocal steps
            while True:
                steps += 1
                await asyncio.sleep(0.001)

        walker = asyncio.ensure_future(walk())
        await beta.ended(peer.send(body), PATIENCE)
        walker.cancel()
        self.assertEqual((await self.message(alpha)).raw, body)
        self.assertGreater(steps, 3)

    async def test_many_tasks_wait_at_once(self) -> None:
        alpha, beta, peer = await self.pair()
        await asyncio.gather(*(beta.ended(peer.send({"n": n}), PATIENCE) for n in range(50)))
        found = [(await self.message(alpha)).body["n"] for _ in range(50)]
        self.assertEqual(sorted(found), list(range(50)))

    async def test_each_event_goes_to_one_task(self) -> None:
        alpha, beta, peer = await self.pair()
        takers = [asyncio.ensure_future(self.message(alpha)) for _ in range(5)]
        await asyncio.sleep(0)
        for n in range(5):
            peer.send({"n": n})
        found = [event.body["n"] for event in await asyncio.gather(*takers)]
        self.assertEqual(sorted(found), list(range(5)))

    async def test_connecting_says_why_it_is_in_vain(self) -> None:
        main = self.road("main", main=True, accept="never")
        worker = self.road("worker")
        peer = worker.target.connect(main.target.endpoint, wait=False)
        with self.assertRaises(libraet.Pending) as caught:
            await worker.connected(peer, 0.3)
        self.assertIs(caught.exception.remote, peer)
        main.target.accept("worker")
        await worker.connected(peer, PATIENCE)
        peer.remove()
        with self.assertRaises(libraet.NotFound):
            await worker.connected(peer, PATIENCE)

    async def test_transaction_that_goes_on_has_timed_out(self) -> None:
        worker = self.road("worker")
        delivery = worker.target.add_remote("127.0.0.1:9").send({}, timeout=60)
        with self.assertRaises(libraet.TimedOut):
            await worker.ended(delivery, 0.01)
        self.assertFalse(delivery.done)
        delivery.cancel()
        with self.assertRaises(libraet.Canceled):
            await worker.ended(delivery, PATIENCE)


class LaneTest(ServiceTest):
    async def test_messages_pass(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        await worker.ended(worker.target.yard("main").send({"n": 1}), PATIENCE)
        self.assertEqual((await self.message(main)).body, {"n": 1})

    async def test_events_that_nobody_takes_stop_the_receiver_and_cost_nothing(self) -> None:
        main = self.lane("main", receive_queue=65536, max_message=10_000)
        worker = self.lane("worker", max_message=10_000, socket_buffer=65536)
        target = worker.target.yard("main")
        deliveries = [target.send({"x": "x" * 9000}) for _ in range(100)]
        await asyncio.sleep(0.3)
        with unittest.mock.patch.object(main.target, "_pump", wraps=main.target._pump) as pump:
            await asyncio.sleep(0.3)
        self.assertLess(pump.call_count, 20)
        self.assertFalse(all(delivery.done for delivery in deliveries))
        for _ in deliveries:
            await self.message(main)
        for delivery in deliveries:
            await worker.ended(delivery, PATIENCE)


class RouterTest(ServiceTest):
    async def test_handlers_answer(self) -> None:
        manor = libraet.Router(libraet.Lane("manor", directory=self.folder), estate="alpha")
        worker = libraet.Router(libraet.Lane("worker", directory=self.folder), estate="alpha", manor="manor")

        @manor.handler("jobs")
        def job(message: libraet.Event) -> dict[str, Any]:
            return {"done": message.body["n"], "for": message.source.yard if message.source else None}

        self.service(manor)
        service = self.service(worker)
        worker._attached[next(iter(worker._attached))].yard("manor")  # type: ignore[attr-defined]
        await service.ended(worker.send("/manor/jobs", {"n": 3}, confirm=True), PATIENCE)
        answer = await self.message(service)
        self.assertEqual((answer.body["done"], answer.body["for"]), (3, "worker"))

    async def test_what_attached_roads_are_asked_is_done(self) -> None:
        roads = [libraet.Road(name, endpoint="127.0.0.1:0", main=True, accept="always") for name in ("alpha", "beta")]
        services = [self.service(libraet.Router(road)) for road in roads]
        peer = await services[0].connected(roads[0].connect(roads[1].endpoint, wait=False), PATIENCE)
        await services[0].ended(peer.send({"n": 1}), PATIENCE)
        self.assertEqual((await self.message(services[1])).body, {"n": 1})
        delivery = roads[0].add_remote("127.0.0.1:9").send({})
        await asyncio.sleep(0.05)
        with unittest.mock.patch.object(services[0], "_turn") as turn:
            delivery.cancel()
            await asyncio.sleep(0)
            await asyncio.sleep(0)
            turn.assert_called_once()


class WaitTest(ServiceTest):
    async def test_waits_end_in_time(self) -> None:
        service = self.lane("main")
        self.assertIsNone(await service.next_event(0))
        self.assertIsNone(await service.next_event(0.01))
        self.assertEqual([event async for event in service.events(0.01)], [])
        self.assertFalse(await service.until(lambda: False, 0.01))
        self.assertTrue(await service.until(lambda: True, 0))
        for period in (-1.0, math.nan):
            with self.assertRaises(libraet.InvalidArgument):
                await service.next_event(period)
            with self.assertRaises(libraet.InvalidArgument):
                await service.close(period)

    async def test_timeout_of_nothing_gives_what_is_there(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        await asyncio.sleep(0.05)
        worker.target.yard("main").send({"n": 1})
        worker.target._pump()
        found = [event.body async for event in main.events(0) if event.type == EventType.MESSAGE]
        self.assertEqual(found, [{"n": 1}])

    async def test_canceled_task_leaves_nothing_behind(self) -> None:
        service = self.lane("main")
        task = asyncio.ensure_future(service.until(lambda: False, 60))
        await asyncio.sleep(0.01)
        self.assertEqual(len(service._waits), 1)
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(len(service._waits), 0)

    async def test_condition_that_fails_ends_its_own_wait_alone(self) -> None:
        service = self.lane("main")
        asked: list[int] = []

        def condition() -> bool:
            asked.append(1)
            return len(asked) > 1 and 1 // 0 == 0

        other = asyncio.ensure_future(service.until(lambda: False, 0.2))
        task = asyncio.ensure_future(service.until(condition, 60))
        await asyncio.sleep(0)
        service.target.yard("other")
        with self.assertRaises(ZeroDivisionError):
            await asyncio.wait_for(task, PATIENCE)
        self.assertFalse(await other)

    async def test_silent_road_takes_no_turns(self) -> None:
        service = self.road("alpha", period=0)
        await asyncio.sleep(0.05)
        with unittest.mock.patch.object(service.target, "_pump", wraps=service.target._pump) as pump:
            await asyncio.sleep(0.3)
        self.assertLess(pump.call_count, 3)

    async def test_failure_of_the_library_reaches_the_tasks_that_wait_or_else_the_loop(self) -> None:
        service = self.lane("main")
        await asyncio.sleep(0.01)
        told: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        failing = unittest.mock.patch.object(service.target, "_pump", side_effect=libraet.SystemFailure(Status.EIO))
        task = asyncio.ensure_future(service.until(lambda: False, 60))
        await asyncio.sleep(0)
        with failing:
            service._ask_for_turn()
            with self.assertRaises(libraet.SystemFailure):
                await asyncio.wait_for(task, PATIENCE)
            self.assertEqual(told, [])
            service._ask_for_turn()
            await asyncio.sleep(0.01)
        self.assertIsInstance(told[0]["exception"], libraet.SystemFailure)


class OwnerTest(ServiceTest):
    async def test_target_has_one_loop(self) -> None:
        service = self.lane("main")
        router = self.service(libraet.Router())
        for method in (service.target.service, service.target.next_event, lambda: next(service.target.events())):
            with self.assertRaises(libraet.WrongState):
                method()  # type: ignore[operator]
        with self.assertRaises(libraet.WrongState):
            Service(service.target)
        with self.assertRaises(libraet.WrongState):
            router.target.attach(service.target)
        attached = router.target.attach(libraet.Lane("other", directory=self.folder))
        with self.assertRaises(libraet.WrongState):
            Service(attached)

    async def test_closed_target_is_refused(self) -> None:
        lane = libraet.Lane("main", directory=self.folder)
        lane.close()
        with self.assertRaises(libraet.Closed):
            Service(lane)

    def test_there_must_be_a_loop(self) -> None:
        with libraet.Lane("main", directory=self.folder) as lane:
            with self.assertRaises(RuntimeError):
                Service(lane)
            self.assertEqual(lane.service(0), 0)


class CloseTest(ServiceTest):
    async def test_messages_under_way_have_time_to_end(self) -> None:
        alpha, beta, peer = await self.pair()
        async with beta:
            delivery = peer.send({"n": 1})
        self.assertEqual(delivery.status, Status.OK)
        self.assertTrue(beta.target.closed)
        self.assertEqual((await self.message(alpha)).body, {"n": 1})
        self.assertIn(EventType.CLOSED, [event.type async for event in beta.events()])
        await beta.close()

    async def test_block_left_by_an_exception_is_closed_at_once(self) -> None:
        worker = self.road("worker")
        delivery = worker.target.add_remote("127.0.0.1:9").send({})
        with self.assertRaises(ZeroDivisionError):
            async with worker:
                raise ZeroDivisionError
        self.assertTrue(worker.target.closed)
        self.assertEqual(delivery.status, Status.ECANCELED)

    async def test_tasks_that_wait_go_on(self) -> None:
        for closes_itself in (False, True):
            service = self.lane("main")
            event = asyncio.ensure_future(service.next_event())
            while (found := await service.next_event(0)) is not None:
                self.assertNotEqual(found.type, EventType.CLOSED)
            never = asyncio.ensure_future(service.until(lambda: False))
            await asyncio.sleep(0.01)
            if closes_itself:
                service.target.close()
            else:
                await service.close()
            self.assertFalse(await asyncio.wait_for(never, PATIENCE))
            found = await asyncio.wait_for(event, PATIENCE)
            assert found is not None
            self.assertEqual(found.type, EventType.CLOSED)

    async def test_loop_watches_nothing_afterwards(self) -> None:
        service = self.lane("main")
        await asyncio.sleep(0.01)
        self.assertEqual(service._readable, service.target.fileno())
        descriptor = service._readable
        await service.close()
        self.assertFalse(asyncio.get_running_loop().remove_reader(descriptor))
        self.assertIsNone(service._next_turn)

    async def test_closing_that_is_canceled_is_carried_out(self) -> None:
        worker = self.road("worker")
        delivery = worker.target.add_remote("127.0.0.1:9").send({})
        task = asyncio.ensure_future(worker.close(60))
        await asyncio.sleep(0.05)
        self.assertFalse(task.done())
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertTrue(worker.target.closed)
        self.assertTrue(delivery.done)

    async def test_router_closes_what_is_attached(self) -> None:
        lane = libraet.Lane("main", directory=self.folder)
        async with Service(libraet.Router(lane)) as service:
            self.assertIsInstance(service.target, Waiting)
        self.assertTrue(lane.closed)
        self.assertTrue(service.target.closed)


if __name__ == "__main__":
    unittest.main()
