"""What replicas of the host tell each other through Redis: rates, and which credentials rest. (Changes of a workspace's own
settings travel through the database; see `jackfield.tenancy`.)

Redis may go away: rates are then counted by each replica for itself, rests stay where they are known, and both are shared again
when it is back. A call never fails because of it.
"""

from __future__ import annotations

import asyncio
import json
import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from jackfield.contract import HostFault

from .health import Health, Rest
from .rates import WINDOW, Allowance, MemoryCounter, Refusal

if TYPE_CHECKING:
    from redis.asyncio import Redis

_log = logging.getLogger("jackfield.host")
_RESTS = "jackfield:rests"
_PATIENCE = 0.25  # seconds that a call waits for Redis before it counts for itself

# KEYS: for each allowance the calls (sorted set) and the tokens (hash: second -> tokens); ARGV: id of the call, then for each
# allowance its two limits (-1: none). Answers {index of the allowance that refuses, unit, milliseconds}, or {0}.
_TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local since = now - 60000
for i = 1, #KEYS / 2 do
  local calls, tokens = KEYS[2 * i - 1], KEYS[2 * i]
  local most, most_tokens = tonumber(ARGV[2 * i]), tonumber(ARGV[2 * i + 1])
  if most >= 0 then
    redis.call('ZREMRANGEBYSCORE', calls, '-inf', since)
    local had = redis.call('ZCARD', calls)
    if had >= most then
      local oldest = redis.call('ZRANGE', calls, had - most, had - most, 'WITHSCORES')
      return {i, 1, oldest[2] + 60000 - now}
    end
  end
  if most_tokens >= 0 then
    local sum, seconds, spent = 0, {}, {}
    local all = redis.call('HGETALL', tokens)
    for j = 1, #all, 2 do
      local second = tonumber(all[j])
      if second * 1000 <= since then
        redis.call('HDEL', tokens, all[j])
      else
        sum = sum + tonumber(all[j + 1])
        spent[second] = tonumber(all[j + 1])
        seconds[#seconds + 1] = second
      end
    end
    if sum >= most_tokens then
      table.sort(seconds)
      for _, second in ipairs(seconds) do
        sum = sum - spent[second]
        if sum < most_tokens then
          return {i, 2, second * 1000 + 60000 - now}
        end
      end
      return {i, 2, 60000}
    end
  end
end
for i = 1, #KEYS / 2 do
  if tonumber(ARGV[2 * i]) >= 0 then
    redis.call('ZADD', KEYS[2 * i - 1], now, ARGV[1])
    redis.call('PEXPIRE', KEYS[2 * i - 1], 61000)
  end
end
return {0}
"""
_SPEND = """
local second = redis.call('TIME')[1]
for i = 1, #KEYS do
  redis.call('HINCRBY', KEYS[i], second, ARGV[1])
  redis.call('PEXPIRE', KEYS[i], 61000)
end
"""


class Replicas:
    """The connection to Redis. `start` before use, `close` after."""

    def __init__(self, redis: Redis, health: Health) -> None:
        self._redis = redis
        self._health = health
        self._alone = MemoryCounter()
        self._take = redis.register_script(_TAKE)
        self._spend = redis.register_script(_SPEND)
        self._calls = 0
        self._name = f"{time.time_ns():x}-{id(self):x}"
        self._tasks: set[asyncio.Task[None]] = set()
        self._silent_until = 0.0
        self._listening = asyncio.Event()

    @classmethod
    def at(cls, url: str, health: Health) -> Replicas:
        """:raises HostFault: where the extra `redis` is not installed, or the URL is none"""
        try:
            from redis.asyncio import Redis  # noqa: PLC0415
        except ImportError as error:
            raise HostFault(
                "`redis_url` is set, and the Redis client is not installed.", advice="pip install 'jackfield[redis]'"
            ) from error
        try:
            redis = Redis.from_url(url, socket_timeout=5, socket_connect_timeout=2, health_check_interval=15)
        except ValueError as error:
            raise HostFault(f"`redis_url` is not a Redis URL: {error}.", advice="Write redis://host:6379/0.") from None
        return cls(redis, health)

    async def start(self) -> None:
        """Begin to listen, and wait (a moment) until it does; a Redis that is away is waited for in the background."""
        self._health.on_rest = self._tell
        self._health.on_wake = self._tell_awake
        self._run(self._listen())
        try:
            await asyncio.wait_for(self._listening.wait(), 2)
        except TimeoutError:
            _log.warning("Redis does not answer: rates and rests are this replica's own until it does.")

    async def close(self) -> None:
        """Stop listening and close the connections."""
        self._health.on_rest = self._health.on_wake = None
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._redis.aclose()

    async def ping(self) -> bool:
        """Whether Redis answers now."""
        from redis.exceptions import RedisError  # noqa: PLC0415

        try:
            await asyncio.wait_for(self._redis.ping(), 1)
        except (RedisError, OSError, TimeoutError):
            return False
        return True

    # -- rates: implements RateCounter

    async def take(self, allowances: Iterable[Allowance]) -> Refusal | None:
        """One round trip, atomic over all allowances."""
        asked = tuple(allowances)
        if not any(one.requests is not None or one.tokens is not None for one in asked):
            return None
        loop = asyncio.get_running_loop()
        if loop.time() < self._silent_until:
            return self._alone.take_now(asked)
        self._calls += 1
        keys = [key for one in asked for key in (f"jackfield:calls:{one.subject}", f"jackfield:tokens:{one.subject}")]
        limits = [-1 if limit is None else limit for one in asked for limit in (one.requests, one.tokens)]
        try:
            answer = await asyncio.wait_for(self._take(keys, [f"{self._name}-{self._calls}", *limits]), _PATIENCE)
        except _redis_errors() as error:
            self._silent_until = loop.time() + 5
            _log.warning("Redis failed (%s): rates are counted by this replica for itself.", type(error).__name__)
            return self._alone.take_now(asked)
        if not answer[0]:
            return None
        one = asked[int(answer[0]) - 1]
        unit, limit = ("calls", one.requests) if int(answer[1]) == 1 else ("tokens", one.tokens)
        return Refusal(one.label, unit, limit or 0, min(int(answer[2]) / 1000, WINDOW))

    def spend(self, allowances: Iterable[Allowance], tokens: int) -> None:
        """In the background."""
        limited = [one for one in allowances if one.tokens is not None]
        if limited:
            self._alone.spend(limited, tokens)
            self._run(self._send_spent([f"jackfield:tokens:{one.subject}" for one in limited], tokens))

    async def _send_spent(self, keys: list[str], tokens: int) -> None:
        try:
            await self._spend(keys, [tokens])
        except _redis_errors() as error:
            _log.warning("Redis failed (%s): %d tokens are not counted by the others.", type(error).__name__, tokens)

    # -- rests

    def _tell(self, rest: Rest) -> None:
        self._run(self._publish(rest))

    async def _publish(self, rest: Rest) -> None:
        text = json.dumps(rest.as_dict())
        try:
            async with self._redis.pipeline(transaction=False) as pipe:
                pipe.hset(_RESTS, f"{rest.credential} {rest.model}", text)
                pipe.expire(_RESTS, 3600)
                pipe.publish(_RESTS, text)
                await pipe.execute()
        except _redis_errors() as error:
            _log.warning("Redis failed (%s): a rest is not known to the others.", type(error).__name__)

    def _tell_awake(self, credential: str) -> None:
        self._run(self._publish_awake(credential))

    async def _publish_awake(self, credential: str) -> None:
        try:
            known: list[Any] = await self._redis.hkeys(_RESTS)
            names = [name for name in known if name.startswith(f"{credential} ".encode())]
            async with self._redis.pipeline(transaction=False) as pipe:
                if names:
                    pipe.hdel(_RESTS, *names)
                pipe.publish(_RESTS, json.dumps({"awake": credential}))
                await pipe.execute()
        except _redis_errors() as error:
            _log.warning("Redis failed (%s): the others do not know that a credential is awake.", type(error).__name__)

    async def _listen(self) -> None:
        """Hear of rests for as long as the host runs; after each (re)connection, of those that began before."""
        pause = 0.1
        while True:
            try:
                async with self._redis.pubsub(ignore_subscribe_messages=True) as channel:
                    await channel.subscribe(_RESTS)
                    await self._catch_up()
                    self._listening.set()
                    pause = 0.1
                    while True:
                        message = await channel.get_message(timeout=10)
                        if message is not None:
                            self._hear(message["data"])
            except _redis_errors():
                await asyncio.sleep(pause)
                pause = min(pause * 2, 5.0)

    async def _catch_up(self) -> None:
        known = await self._redis.hgetall(_RESTS)
        over = [name for name, text in known.items() if not self._hear(text)]
        if over:
            await self._redis.hdel(_RESTS, *over)

    def _hear(self, text: bytes | str) -> bool:
        """Whether it is a rest that is still going on."""
        told = json.loads(text)
        if "awake" in told:
            self._health.forget(told["awake"])
            return False
        rest = Rest(**told)
        if rest.until > time.time():
            self._health.hear(rest)
            return True
        return False

    def _run(self, work: Any) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


def _redis_errors() -> tuple[type[Exception], ...]:
    from redis.exceptions import RedisError  # noqa: PLC0415

    return (RedisError, OSError, TimeoutError)
