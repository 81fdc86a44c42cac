"""A real SMTP server for one test: listens on a free port, prints it, then prints each message as a line of JSON.

It ends when its standard input closes, so that it never outlives the test that started it.
"""
import json
import sys

from aiosmtpd.controller import Controller


class Printer:
    async def handle_DATA(self, server, session, envelope):
        mail = {"from": envelope.mail_from, "to": envelope.rcpt_tos, "raw": envelope.content.decode("utf-8")}
        print(json.dumps(mail), flush=True)
        return "250 2.0.0 taken"


class AnyPort(Controller):
    # the stock controller connects to the port it was given to see that it listens; 0 means any
    def _trigger_server(self):
        self.port = self.server.sockets[0].getsockname()[1]
        super()._trigger_server()


controller = AnyPort(Printer(), hostname="127.0.0.1", port=0)
controller.start()
print(controller.port, flush=True)
sys.stdin.read()
controller.stop()
