"""The writing process of the campaigns: writes lines, and says of each that it was acknowledged.

``python -m tests.campaigns.writer FOLDER HOW COUNT [PROFILE]`` prints one JSON object a line and flushes it.
HOW: "workplace" (the service alone, on this thread), "desktop" (the whole process: lanes, indexer,
checkpoints); COUNT 0: until killed.
"""

from __future__ import annotations

import itertools
import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from commandcenter.runtime import DataDirectory, Desktop, open_workplace
from commandcenter.services import workplace as service
from commandcenter.services.command import Command
from commandcenter.services.desk_affairs import KeepDraft
from commandcenter.services.incidents import EditIncident, OpenIncident
from commandcenter.services.log import StrikeFact, WriteLogEntry
from commandcenter.services.workplace import Outcome

# The write-ahead log is folded in every few commits and the index follows at once: many a kill meets them.
CHECKPOINT_AFTER = 7
LULL_S = 0.0
DRAFT = "log"

Execute = Callable[[Command], Outcome]


def say(**what: object) -> None:
    """One line on stdout, in one write, now: from here on somebody counts on it."""
    os.write(1, (json.dumps(what, ensure_ascii=False) + "\n").encode())


def write(execute: Execute, count: int) -> Iterator[None]:
    """Lines, with now and then a draft, an incident, an edit, a strike; yields after each line."""
    name = os.getpid()
    incident = None
    for i in range(count) if count else itertools.count():
        text = f"第{i}条 pid {name} 𠮷😀 " + "水位" * (i % 40)
        if i % 3 == 0:
            execute(KeepDraft(key=DRAFT, body={"text": text}))
            say(draft=text)
        sent = execute(WriteLogEntry(text=text, incident_id=incident, draft=DRAFT if i % 3 == 1 else None))
        say(id=str(sent.ids[0]), text=text, draft=None) if i % 3 == 1 else say(id=str(sent.ids[0]), text=text)
        if i % 10 == 2:
            incident = execute(OpenIncident(title=f"事件{i}", event_code="11A01")).ids[0]
            say(incident=str(incident))
        if i % 10 == 5 and incident is not None:
            execute(EditIncident(id=incident, fields={"known": text}))
            say(known=text, of=str(incident))
        if i % 10 == 7:
            strike = execute(StrikeFact(target_id=sent.ids[0], reason="写错", replacement_text=text + "改"))
            say(strike=str(strike.ids[-1]), target=str(sent.ids[0]))
        yield


def main(arguments: list[str]) -> int:
    """Write; 0 if nobody killed it."""
    folder, how, count, *more = arguments
    profile = more[0] if more else "empty"
    directory = DataDirectory(Path(folder))
    service.CHECKPOINT_AFTER = CHECKPOINT_AFTER
    if how == "workplace":
        workplace = open_workplace(directory, profile)
        workplace._indexer._lull_s = LULL_S
        say(ready=True)
        for _ in write(workplace.execute, int(count)):
            while workplace.idle(0.002):
                pass
        workplace.close()
    else:
        desktop = Desktop(directory, profile=profile)
        desktop.start()
        desktop.ready.result()._indexer._lull_s = LULL_S
        say(ready=True)
        for i, _ in enumerate(write(lambda command: desktop.execute(command).result(), int(count))):
            if i % 8 == 0:
                time.sleep(0.004)  # the lane is idle: it indexes, folds the log in, looks for others
        desktop.close()
    say(closed=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
