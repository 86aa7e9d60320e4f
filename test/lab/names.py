"""The host names that the lab's clients ask for."""

BLOCKED = {
    "whatsapp": "web.whatsapp.com",
    "telegram": "web.telegram.org",
    "slack": "slack.com",
    "discord": "gateway.discord.gg",
    "signal": "chat.signal.org",
    "yahoo": "scs.msg.yahoo.com",
    "aim": "login.oscar.aol.com",
}

# Innocent, and some of them made to look otherwise at a careless glance.
INNOCENT = (
    "www.example.org",
    "intranet.example.com",
    "notslack.com",
    "web.whatsapp.com.example.org",
    "news.yahoo.com",
)

ALL_NAMES = (*BLOCKED.values(), *INNOCENT)
