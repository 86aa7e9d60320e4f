"""What all parts on messengers share: policies, uses of clients, and how both are held together.

Every use is played under each policy that it has a word for. What the client saw must be that word, and the
gateway must have said so: an event of the application and service where it blocked, none where it did not; and
where everything is allowed and logged, that the service was recognised.
"""

import json
from dataclasses import dataclass, field

from gateway import TREE
from messengers_servers import OFFICE_HOST, SIP_PLAIN, address
from report import cut

APPLICATIONS = {
    "office-chat": {"name": "The office's own XMPP", "category": "im", "servers": {"names": [OFFICE_HOST]}},
    "telephones": {"name": "Telephones", "category": "im", "servers": {"addresses": [address(SIP_PLAIN)]}},
}
READ = ["xmpp", "irc", "lync", "telephones"]
OFFICE = {"name": "the office's own", "application": "office-chat", "action": "allow", "log": True}
REFUSED = {"name": "no instant messaging", "category": "im", "action": "reset", "log": True}
NONE, TEXT_ONLY, ALL, SHIPPED = "no messengers", "text chat only", "everything", "the shipped example"
RULES = {
    NONE: [OFFICE, REFUSED],
    TEXT_ONLY: [OFFICE, {"name": "text only", "application": READ, "service": "text-chat", "action": "allow",
                         "log": True}, REFUSED],
    ALL: [{"name": "text is welcome", "category": "im", "service": "text-chat", "action": "allow", "log": True},
          {"name": "all is welcome", "category": "im", "action": "allow", "log": True}],
}


def write_policy(path, name):
    if name == SHIPPED:
        text = (TREE / "policy/examples/text-chat-only.json").read_text(encoding="utf-8")
        path.write_text(text.replace('"../', f'"{TREE}/policy/'), encoding="utf-8")
        return
    path.write_text(json.dumps({"applications": APPLICATIONS, "rules": RULES[name]}, indent=1),
                    encoding="utf-8")


@dataclass
class Use:
    """One use of a client at a server address of its own; `seen` by policy, in words of clients.Outcome."""
    name: str
    host: int
    application: str
    service: str
    seen: dict = field(default_factory=dict)
    port: int = 0  # 0: whichever there is at the address
    also: tuple = ()  # (application, service, port) that is recognised besides where all is allowed

    def mine(self, row):
        ends = ((row["dest_ip"], row["dest_port"]), (row["src_ip"], row["src_port"]))
        return any(ip == address(self.host) and self.port in (0, port) for ip, port in ends)


class Play:
    def __init__(self, report, lab, gateway, policy):
        self.report, self.lab, self.gateway, self.policy_file = report, lab, gateway, policy
        self.policy = ""

    def use(self, policy):
        write_policy(self.policy_file, policy)
        self.gateway.control("policy", "reload")
        self.policy = policy

    def inside(self, work):
        """For threads: a namespace is a thread's own."""
        with self.lab.inside(self.lab.client):
            return work()

    def check(self, name, problem="", detail=""):
        """A failure is one line, as those who count them expect."""
        self.report.check(name, cut(" | ".join(problem.split("\n")), 900), detail)

    def judge(self, first, outcomes):
        """Holds what clients saw and what events say, from number `first` on, against what each use says."""
        self.gateway.events.settle()
        alerts = [row for row in self.gateway.events.seen[first:] if row["event_type"] == "alert"]
        for use, outcome in outcomes:
            rows = [row for row in alerts if use.mine(row)]
            problem = self._problem(use, outcome, rows)
            told = "; ".join(sorted({said(row) for row in rows}))
            self.check(f"{self.policy}: {use.name}", problem and f"{problem}; events: {told}",
                       f"{outcome.seen}, {told}")

    def _problem(self, use, outcome, rows):
        wanted = use.seen[self.policy]
        if outcome.seen != wanted:
            return f"expected {wanted}, saw {outcome.seen} ({outcome.detail})"
        blocked = [row for row in rows if row["alert"]["action"] == "blocked"]
        if wanted == "allowed" and blocked:
            return "it got through, and an event says that something was blocked"
        if wanted != "allowed" and not any(names(row, use.application, self._refused_for(use))
                                           for row in blocked):
            return f"no event of {use.application}, {self._refused_for(use) or 'any service'}, that was blocked"
        if self.policy == ALL:
            for application, service, port in ((use.application, use.service, use.port), *use.also):
                if not any(names(row, application, service) and port in (0, row["dest_port"], row["src_port"])
                           for row in rows):
                    return f"no event of {application}, {service}"
        return ""

    def _refused_for(self, use):
        """Where no messenger may be used, the first message meets that; it is seldom the use's own."""
        return "" if self.policy == NONE else use.service


def names(row, application, service):
    im = row["im"]
    return im["application"] == application and (not service or im.get("service", "") == service)


def said(row):
    im = row["im"]
    return f"{im['application']}/{im.get('service', '-')} {row['alert']['action']} by {im.get('evidence')}"
