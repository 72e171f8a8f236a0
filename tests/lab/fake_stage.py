"""A stage that speaks the protocol and does nothing else; its first argument says how it behaves.

good: answers everything; crash: dies at {"crash": n} with status n; silent: never answers;
stubborn: ignores stop; sore: fails when it is stopped; short: ends by itself at once, in order;
chatty: many log lines, then good.
"""

import json
import os
import sys
import threading
import time


def say(**message: object) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.1)
    os._exit(0)


def main(how: str) -> None:
    threading.Thread(target=watch_parent, args=(os.getppid(),), daemon=True).start()
    for n in range(100 if how == "chatty" else 1):
        sys.stderr.write(f"log line {n}\n")
    say(type="ready", url="http://nowhere")
    if how == "short":
        return
    paused = False
    for sent, line in enumerate(sys.stdin, start=1):
        command = json.loads(line)
        number = command.pop("id", None)
        if command.get("stop") and how != "stubborn":
            say(type="metrics", sent=sent - 1, paused=paused)
            sys.exit(1 if how == "sore" else 0)
        if "crash" in command:
            sys.stderr.write("these are my last words\n")
            sys.stderr.flush()
            os._exit(command["crash"])
        paused = command.get("pause", paused)
        say(type="metrics", sent=sent, paused=paused, told=command)
        if how != "silent":
            say(type="error" if "bad" in command else "ack", id=number, message="no such thing")


main(sys.argv[1] if len(sys.argv) > 1 else "good")
