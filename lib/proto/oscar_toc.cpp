#include <algorithm>
#include <array>

#include "base/ascii.h"
#include "proto/messenger_text.h"
#include "proto/oscar_parts.h"

namespace chatgate::proto::oscar {
namespace {

struct Word {
  std::string_view text;  // what a command begins with
  Service service;
};

// Longer ones first where one begins with another.
constexpr std::array kClientWords = {
    Word{"toc_signon", Service::login},
    Word{"toc2_signon", Service::login},
    Word{"toc2_login", Service::login},
    Word{"toc_init_done", Service::login},
    Word{"toc_send_im", Service::text_chat},
    Word{"toc2_send_im", Service::text_chat},
    Word{"toc2_client_event", Service::text_chat},
    Word{"toc_chat_", Service::conference},
    Word{"toc2_chat_", Service::conference},
    Word{"toc_rvous_", Service::other},
    Word{"toc_evil", Service::any},
    Word{"toc_", Service::presence},
    Word{"toc2_", Service::presence},
};
constexpr std::array kServerWords = {
    Word{"SIGN_ON", Service::login},
    Word{"CONFIG", Service::login},
    Word{"NICK", Service::login},
    Word{"IM_IN", Service::text_chat},
    Word{"CLIENT_EVENT", Service::text_chat},
    Word{"UPDATE_BUDDY", Service::presence},
    Word{"NEW_BUDDY", Service::presence},
    Word{"INSERTED", Service::presence},
    Word{"DELETED", Service::presence},
    Word{"CHAT_", Service::conference},
    Word{"RVOUS_PROPOSE", Service::other},
};

template <std::size_t Count>
Service service_of(std::string_view command, const std::array<Word, Count>& words) {
  for (const Word& word : words) {
    if (command.substr(0, word.text.size()) == word.text) return word.service;
  }
  return Service::any;
}

// An argument of a client's command: a word, or anything in quotes.
std::string_view take_argument(std::string_view& line) {
  line.remove_prefix(std::min(line.find_first_not_of(' '), line.size()));
  if (line.empty() || line.front() != '"') return take_field(line, ' ');
  line.remove_prefix(1);
  return take_field(line, '"');
}

// A UUID as text, with its hyphens.
Service service_of_text(std::string_view text) {
  std::array<std::uint8_t, kUuid> uuid;
  std::size_t digits = 0;
  for (const char c : text) {
    if (c == '-') continue;
    const int digit = hex_digit(c);
    if (digit < 0 || digits == 2 * kUuid) return Service::other;
    std::uint8_t& byte = uuid[digits / 2];
    byte = static_cast<std::uint8_t>(digits % 2 == 0 ? digit << 4 : byte | digit);
    ++digits;
  }
  return digits == 2 * kUuid ? service_of_capability(uuid) : Service::other;
}

void read_command(std::string_view command, std::string_view arguments, Messenger& messenger,
                  Account& account) {
  messenger.service = service_of(command, kClientWords);
  if (command == "toc_signon" || command == "toc2_signon" || command == "toc2_login") {
    take_argument(arguments);  // host and port of the log-in server
    take_argument(arguments);
    messenger.login.assign(take_argument(arguments));
    account = account_of(messenger.login.view());
    take_argument(arguments);  // password and language
    take_argument(arguments);
    messenger.client.assign(take_argument(arguments));
  } else if (command == "toc_send_im" || command == "toc2_send_im" ||
             command == "toc2_client_event") {
    messenger.peer_login.assign(take_argument(arguments));
  } else if (messenger.service == Service::other) {  // a rendezvous: with whom, cookie, for what
    messenger.peer_login.assign(take_argument(arguments));
    const std::string_view first = take_argument(arguments);
    const std::string_view second = take_argument(arguments);
    messenger.service = service_of_text(command == "toc_rvous_propose" ? first : second);
  }
}

// RVOUS_PROPOSE: user, UUID, cookie, sequence, three addresses, port.
void read_proposal(std::string_view arguments, Messenger& messenger) {
  messenger.peer_login.assign(take_field(arguments, ':'));
  messenger.service = service_of_text(take_field(arguments, ':'));
  take_field(arguments, ':');
  take_field(arguments, ':');
  std::array<std::string_view, 3> addresses;
  for (std::string_view& address : addresses) address = take_field(arguments, ':');
  const std::uint16_t port = port_of(take_field(arguments, ':')).value_or(0);
  for (const std::string_view address : addresses) {
    expect_endpoint(messenger, address, port, messenger.service);
  }
}

void read_answer(std::string_view command, std::string_view arguments, Messenger& messenger,
                 Account& account) {
  messenger.service = service_of(command, kServerWords);
  if (command == "NICK") {
    messenger.login.assign(take_field(arguments, ':'));
    account = account_of(messenger.login.view());
  } else if (command == "RVOUS_PROPOSE") {
    read_proposal(arguments, messenger);
  } else if (messenger.service == Service::text_chat || command.substr(0, 12) == "UPDATE_BUDDY") {
    messenger.peer_login.assign(take_field(arguments, ':'));
  }
}

}  // namespace

void read_toc(std::string_view line, Messenger& messenger, Account& account) {
  if (line.substr(0, 3) == "toc") {
    const std::string_view command = take_field(line, ' ');
    read_command(command, line, messenger, account);
  } else {
    const std::string_view command = take_field(line, ':');
    read_answer(command, line, messenger, account);
  }
}

}  // namespace chatgate::proto::oscar
