// The control socket: JSON lines between any program and the command table.
//
// A local stream socket served on the caller's io_context, hence on its thread. The protocol is
// described in docs/design/control-socket.md. Clients are not trusted: a line is at most 64 KiB,
// there are at most 32 clients, and one that sends or reads too slowly is cut off. Who asks is
// known from the kernel (SO_PEERCRED, unix(7)); what they may is the command table's matter.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <memory>
#include <string>

#include "base/diagnostic.h"
#include "control/commands.h"

namespace chatgate::control {

struct ServerConfig {
  std::string path;                    // at most 106 bytes, see unix(7)
  std::string group = "chatgate";      // owns the socket if it exists
  std::size_t line_limit = 64 * 1024;  // bytes of one request
  std::size_t most_clients = 32;
  std::chrono::milliseconds read_patience{60'000};   // for one whole request
  std::chrono::milliseconds write_patience{10'000};  // for one whole reply
};

class Server {
 public:
  // `commands` must outlive the server.
  Server(boost::asio::io_context& io, Commands& commands, ServerConfig config);
  // Closes.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Makes the socket (mode 0660) and its folder if that is missing, and serves: as soon as its name
  // is there, it answers. A socket that
  // nobody listens on is replaced; one that a running process serves is an error.
  Diagnostics open();
  // Cuts off all clients and removes the socket, unless another process has replaced it.
  void close();

  std::size_t clients() const;

 private:
  class Session;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace chatgate::control
