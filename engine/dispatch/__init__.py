"""How due work reaches a worker: two transports over one table that is the truth."""

from engine.dispatch.choosing import Dispatcher, dispatcher_for
from engine.dispatch.work import Work

__all__ = ["Dispatcher", "Work", "dispatcher_for"]
