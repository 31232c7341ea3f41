"""In a program of asyncio's, its loop services roads, lanes and routers, and tasks wait for what happens there."""

from __future__ import annotations

import asyncio
import math
import os
import tempfile
import threading
import time
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
        with self.assertRaises(libraet.QueueFull):
            await main.until(lambda: False, PATIENCE)
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

    async def test_what_a_handler_sends_to_its_own_process_arrives_at_once(self) -> None:
        router = libraet.Router(estate="alpha")
        service = self.service(router)

        @router.handler("outer")
        def outer(message: libraet.Event) -> None:
            router.send("//inner", {"n": message.body["n"] + 1})

        router.open_share("inner")
        router.send("//outer", {"n": 1})
        self.assertEqual((await self.message(service)).body, {"n": 2})

    async def test_handlers_leave_the_loop_to_other_tasks(self) -> None:
        router = libraet.Router(estate="alpha")
        service = self.service(router)
        done: list[int] = []

        @router.handler("jobs")
        def job(message: libraet.Event) -> None:
            time.sleep(0.005)
            done.append(message.body["n"])

        for n in range(20):
            router.send("//jobs", {"n": n})
        await service.until(lambda: bool(done), PATIENCE)
        before = len(done)
        await asyncio.sleep(0)
        self.assertLess(len(done) - before, 3)
        self.assertTrue(await service.until(lambda: len(done) == 20, PATIENCE))

    async def test_coroutine_is_no_handler(self) -> None:
        router = libraet.Router(estate="alpha")
        self.service(router)
        with self.assertRaises(TypeError):

            @router.handler("jobs")
            async def job(message: libraet.Event) -> None:  # type: ignore[type-var]
                pass

    async def test_what_attached_roads_are_asked_is_done(self) -> None:
        roads = [libraet.Road(name, endpoint="127.0.0.1:0", main=True, accept="always") for name in ("alpha", "beta")]
        services = [self.service(libraet.Router(road)) for road in roads]
        peer = await services[0].connected(roads[0].connect(roads[1].endpoint, wait=False), PATIENCE)
        await services[0].ended(peer.send({"n": 1}), PATIENCE)
        self.assertEqual((await self.message(services[1])).body, {"n": 1})
        delivery = roads[0].add_remote("127.0.0.1:9").send({})
        await asyncio.sleep(0.05)
        delivery.cancel()
        self.assertIsNotNone(services[0]._soon)
        with self.assertRaises(libraet.Canceled):
            await services[0].ended(delivery, PATIENCE)


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
        await asyncio.sleep(0.01)
        timers: list[asyncio.TimerHandle] = []
        loop = asyncio.get_running_loop()

        def call_later(*arguments: Any) -> asyncio.TimerHandle:
            timers.append(loop.call_at(loop.time() + arguments[0], *arguments[1:]))
            return timers[-1]

        with unittest.mock.patch.object(loop, "call_later", call_later):
            task = asyncio.ensure_future(service.until(lambda: False, 60))
            await asyncio.sleep(0)
        self.assertEqual((len(service._waits), len(timers)), (1, 1))
        task.cancel()
        with self.assertRaises(asyncio.CancelledError):
            await task
        self.assertEqual(len(service._waits), 0)
        self.assertTrue(timers[0].cancelled())

    async def test_condition_that_fails_ends_its_own_wait_alone(self) -> None:
        service = self.lane("main")
        asked: list[int] = []

        def condition() -> bool:
            asked.append(1)
            return len(asked) > 1 and 1 // 0 == 0

        other = asyncio.ensure_future(service.until(lambda: False, 0.2))
        task = asyncio.ensure_future(service.until(condition, 60))
        await asyncio.sleep(0)
        service.target.yard("other").send({})
        with self.assertRaises(ZeroDivisionError):
            await asyncio.wait_for(task, PATIENCE)
        self.assertFalse(await other)

    async def test_silent_road_takes_no_turns(self) -> None:
        service = self.road("alpha", period=0)
        await asyncio.sleep(0.05)
        with unittest.mock.patch.object(service.target, "_pump", wraps=service.target._pump) as pump:
            await asyncio.sleep(0.3)
        self.assertLess(pump.call_count, 3)

    async def test_wait_that_looks_at_a_remote_takes_no_turns(self) -> None:
        service = self.road("alpha", period=0)
        peer = service.target.add_remote("127.0.0.1:9")
        waits = [
            asyncio.ensure_future(service.until(lambda: peer.allowed, 0.5)),
            asyncio.ensure_future(service.until(lambda: service.target.acceptance("alpha") is None, 0.5)),
        ]
        await asyncio.sleep(0.1)
        with unittest.mock.patch.object(service.target, "_pump", wraps=service.target._pump) as pump:
            await asyncio.sleep(0.2)
        self.assertLess(pump.call_count, 3)
        self.assertFalse(await waits[0])
        with self.assertRaises(libraet.NotFound):
            await waits[1]

    async def test_what_is_due_is_done_when_all_is_silent(self) -> None:
        service = self.road("alpha", period=0)
        delivery = service.target.add_remote("127.0.0.1:9").send({}, timeout=0.2)
        began = time.monotonic()
        with self.assertRaises(libraet.TimedOut):
            await service.ended(delivery, PATIENCE)
        self.assertTrue(delivery.done)
        self.assertLess(time.monotonic() - began, PATIENCE - 1)

    async def test_loop_watches_for_writing_while_the_road_wants_to(self) -> None:
        service = self.road("main", period=0)
        await asyncio.sleep(0.01)
        wants = unittest.mock.PropertyMock(side_effect=[True, True, False])
        with unittest.mock.patch.object(libraet.Road, "wants_write", wants):
            service._ask_for_turn()
            await asyncio.sleep(0.05)  # it can be written to at once, and again
        self.assertEqual(wants.call_count, 3)
        self.assertFalse(asyncio.get_running_loop().remove_writer(service._descriptor))

    async def test_events_end_at_their_time_though_messages_come_as_fast_as_they_are_taken(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        target = worker.target.yard("main")
        for _ in range(3):
            target.send({})
        for timeout in (0.2, 0):
            began, count = time.monotonic(), 0
            async for event in main.events(timeout):
                if event.type == EventType.MESSAGE:
                    count += 1
                    await worker.ended(target.send({}), PATIENCE)
                    await worker.next_event(0)
                if time.monotonic() - began > 5:
                    break
            self.assertLess(time.monotonic() - began, 3)
            self.assertGreater(count, 0)

    async def test_bad_conditions_leave_other_waits_alone(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        nothing: Any = iter(())
        canceled = asyncio.get_running_loop().create_future()
        canceled.cancel()
        asked: list[int] = []

        def later(condition: Any) -> Any:
            return lambda: len(asked) > 0 and condition()

        tasks = [asyncio.ensure_future(main.until(later(bad))) for bad in (lambda: next(nothing), canceled.result)]
        event = asyncio.ensure_future(self.message(main))
        await asyncio.sleep(0.01)
        asked.append(1)
        await worker.ended(worker.target.yard("main").send({"n": 1}), PATIENCE)
        self.assertEqual((await event).body, {"n": 1})
        found = await asyncio.gather(*tasks, return_exceptions=True)
        self.assertIsInstance(found[0], RuntimeError)
        self.assertIsInstance(found[1], asyncio.CancelledError)

    async def test_waits_say_that_nothing_comes_before_events_are_taken(self) -> None:
        road = self.road("alpha", receive_queue=65536)
        peer = road.target.add_remote("127.0.0.1:9")
        for n in range(300):
            peer.send({}, timeout=0.001 if n < 299 else 60, tag=n)
        delivery = road.target._watched[max(road.target._watched)]
        for _ in range(2):
            with self.assertRaises(libraet.QueueFull):
                await road.ended(delivery, PATIENCE)
        end = asyncio.ensure_future(road.ended(delivery, 0.3))
        found = [event.tag async for event in road.events(0.2) if event.type == EventType.FAILED]
        self.assertEqual(sorted(found), list(range(299)))
        with self.assertRaises(libraet.TimedOut):
            await end

    async def test_full_queue_is_no_matter_while_a_task_takes_events(self) -> None:
        road = self.road("alpha", receive_queue=65536)
        peer = road.target.add_remote("127.0.0.1:9")
        taker = asyncio.ensure_future(self.all_events(road))
        await asyncio.sleep(0.01)
        ends = [road.ended(peer.send({}, timeout=0.001)) for _ in range(600)]
        found = await asyncio.gather(*ends, return_exceptions=True)
        self.assertEqual({type(failure) for failure in found}, {libraet.TimedOut})
        await road.close()
        self.assertEqual(len([event for event in await taker if event.type == EventType.FAILED]), 600)

    async def test_wake_ends_the_waits_in_progress_from_any_thread(self) -> None:
        service = self.lane("main")
        async for _ in service.events(0.01):
            pass
        waits = [asyncio.ensure_future(wait) for wait in (service.until(lambda: False), service.next_event())]
        taken = asyncio.ensure_future(self.all_events(service))
        await asyncio.sleep(0.01)
        thread = threading.Thread(target=service.target.wake)
        thread.start()
        thread.join()
        self.assertEqual(await asyncio.wait_for(asyncio.gather(*waits, taken), PATIENCE), [False, None, []])
        self.assertIsNone(await service.next_event(0.01))

    async def all_events(self, service: Service[Any]) -> list[libraet.Event]:
        return [event async for event in service.events()]

    async def test_failure_of_the_library_reaches_the_tasks_that_wait_or_else_the_loop(self) -> None:
        service, worker = self.lane("main"), self.lane("worker")
        await asyncio.sleep(0.01)
        worker.target.yard("main").send({})  # which stays in the socket
        told: list[dict[str, Any]] = []
        asyncio.get_running_loop().set_exception_handler(lambda _, context: told.append(context))
        failing = unittest.mock.patch.object(service.target, "_pump", side_effect=libraet.SystemFailure(Status.EIO))
        task = asyncio.ensure_future(service.until(lambda: False, 60))
        await asyncio.sleep(0)
        due = unittest.mock.patch.object(libraet.Lane, "due", 0.0)
        with failing, due:
            service._ask_for_turn()
            with self.assertRaises(libraet.SystemFailure):
                await asyncio.wait_for(task, PATIENCE)
            self.assertEqual(told, [])
            service._ask_for_turn()
            await asyncio.sleep(0.1)
        self.assertEqual(len(told), 1, "it rests after a failure")
        self.assertIsInstance(told[0]["exception"], libraet.SystemFailure)
        service._ask_for_turn()
        with self.assertRaises(libraet.Dead):
            await service.ended(service.target.yard("nobody").send({}), PATIENCE)


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

    async def test_methods_that_block_are_refused(self) -> None:
        service = self.road("alpha")
        peer = service.target.add_remote("127.0.0.1:9")
        router = self.service(libraet.Router())
        attached = router.target.attach(libraet.Road("beta", endpoint="127.0.0.1:0"))
        blocking = (
            peer.send({}).wait,
            lambda: service.target.wait_until(lambda: True),
            lambda: service.target.connect("127.0.0.1:9"),
            lambda: attached.connect("127.0.0.1:9"),
        )
        for method in blocking:
            with self.assertRaises(libraet.WrongState):
                method()
        self.assertEqual(attached.remotes, [], "nothing has been started")

    async def test_handlers_may_wait(self) -> None:
        router = libraet.Router(estate="alpha")
        service = self.service(router)

        @router.handler("jobs")
        def job(message: libraet.Event) -> None:
            router.send("//answers", {"n": 1}).wait(PATIENCE)

        router.open_share("answers")
        router.send("//jobs", {})
        self.assertEqual((await self.message(service)).body, {"n": 1})

    async def test_waits_for_what_others_service_are_refused(self) -> None:
        main, other = self.road("alpha"), self.road("beta")
        peer = other.target.add_remote("127.0.0.1:9")
        with self.assertRaises(libraet.WrongState):
            await main.ended(peer.join())
        with self.assertRaises(libraet.WrongState):
            await main.connected(peer)
        lane = self.lane("main")
        with self.assertRaises(libraet.WrongState):
            await lane.connected(lane.target.yard("other"))

    async def test_released_target_is_the_programs_own_again(self) -> None:
        service = self.lane("main")
        wait = asyncio.ensure_future(service.until(lambda: False))
        await asyncio.sleep(0.01)
        service.release()
        self.assertFalse(await asyncio.wait_for(wait, PATIENCE))
        self.assertFalse(await service.until(lambda: False))
        self.assertEqual(service.target.service(0), 0)
        await service.close()
        self.assertFalse(service.target.closed)
        service.release()
        async with Service(service.target) as again:
            self.assertIsNone(await again.next_event(0.01))

    def test_target_outlives_its_loop(self) -> None:
        async def leave_it(lane: libraet.Lane) -> Service[libraet.Lane]:
            return Service(lane)

        with libraet.Lane("main", directory=self.folder) as lane:
            service = asyncio.run(leave_it(lane))
            lane.yard("other").send({}, timeout=0.01)
            self.assertIn(EventType.FAILED, [event.type for event in lane.events(0.1)])
            self.assertFalse(os.path.exists(f"/proc/self/fd/{service._descriptor}"))
            asyncio.run(leave_it(lane))
        self.assertTrue(lane.closed)

    async def test_child_of_a_fork_leaves_the_loop_alone(self) -> None:
        main, worker = self.lane("main"), self.lane("worker")
        await asyncio.sleep(0.01)
        child = os.fork()
        if child == 0:
            status = 1
            try:
                main._turn()
                gone = not os.path.exists(f"/proc/self/fd/{main._descriptor}")
                status = 0 if main.target.closed and gone else 2
            finally:
                os._exit(status)
        self.assertEqual(os.waitpid(child, 0)[1], 0)
        await worker.ended(worker.target.yard("main").send({"n": 1}), PATIENCE)
        self.assertEqual((await self.message(main)).body, {"n": 1})

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
        began = time.monotonic()
        with self.assertRaises(ZeroDivisionError):
            async with worker:
                raise ZeroDivisionError
        self.assertLess(time.monotonic() - began, 0.9)
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
        loop = asyncio.get_running_loop()
        service = self.road("main", period=60)
        peer = service.target.connect("127.0.0.1:9", wait=False)
        await asyncio.sleep(0.05)
        self.assertTrue(service._is_reading)
        timer = service._timer
        assert timer is not None
        peer.disconnect()
        service.target.close(0)
        self.assertTrue(timer.cancelled())
        with unittest.mock.patch.object(loop, "call_exception_handler") as told:
            service._turn()  # which the descriptor may have called for just before
        told.assert_not_called()
        self.assertFalse(loop.remove_reader(service._descriptor))
        self.assertFalse(os.path.exists(f"/proc/self/fd/{service._descriptor}"))

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

    async def test_closing_again_waits_as_well(self) -> None:
        for begin in (self.close_twice, self.close_and_leave):
            worker = self.road("worker")
            delivery = worker.target.add_remote("127.0.0.1:9").send({}, timeout=0.3)
            await asyncio.wait_for(begin(worker), PATIENCE)
            self.assertTrue(worker.target.closed)
            self.assertEqual(delivery.status, Status.ETIMEDOUT)

    async def close_twice(self, service: Service[Any]) -> None:
        await asyncio.gather(service.close(5), service.close(5))

    async def close_and_leave(self, service: Service[Any]) -> None:
        async with service:
            task = asyncio.ensure_future(service.close(5))
            await asyncio.sleep(0.01)
        await task

    async def test_nothing_is_attached_to_a_router_that_is_being_closed(self) -> None:
        router = libraet.Router(road := libraet.Road("alpha", endpoint="127.0.0.1:0"))
        road.add_remote("127.0.0.1:9").send({}, timeout=0.3)
        task = asyncio.ensure_future(self.service(router).close(5))
        await asyncio.sleep(0.01)
        with libraet.Lane("late", directory=self.folder) as lane:
            with self.assertRaises(libraet.Closed):
                router.attach(lane)
        await task

    async def test_router_closes_what_is_attached(self) -> None:
        lane = libraet.Lane("main", directory=self.folder)
        async with Service(libraet.Router(lane)) as service:
            self.assertIsInstance(service.target, Waiting)
        self.assertTrue(lane.closed)
        self.assertTrue(service.target.closed)


if __name__ == "__main__":
    unittest.main()
