// The evasions that the gateway withstands, one row each.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <vector>

#include "session.h"

namespace chatgate::test {

// What becomes of the same trick around a name that is allowed.
enum class Twin : std::uint8_t {
  passes,   // the server reads exactly what the client meant
  starves,  // two versions of the same bytes were offered: the server reads neither whole
};

// The versions of IP that a row can be played over.
enum class Over : std::uint8_t { both, v4, v6 };

struct RowVerdict {
  std::size_t leaks = 0;  // kinds of servers, or of segmentations, that let the blocked name arrive
  std::size_t damaged = 0;  // those for which the innocent twin went otherwise than said
  std::string reasons;      // that the gateway counted for the blocked name
  std::string wrong;        // what was the matter with a frame of the gateway's own

  void note_wrong(const Session& session);
};

struct Row {
  const char* id;    // section and number
  const char* what;  // the construction
  const char* why;   // what the gateway makes of it
  Twin twin;
  // Sends the hello for the name under test; `decoy` is one of equal length for a harmless name.
  std::function<void(Session&, const std::string& hello, const std::string& decoy)> play;
  Over over = Over::both;
  bool own_path = false;  // says itself what it travels in
  // For rows that are about more than a hello's way, instead of `play`; where there is neither,
  // the row is out of reach, and `why` says the reason.
  std::function<RowVerdict(const Path&)> judge = {};
  std::function<bool(const Path&)> arrives_unwatched = {};

  bool out_of_reach() const { return !play && !judge; }
  bool plays_over(bool v6) const { return over == Over::both || (over == Over::v6) == v6; }
};

const std::vector<Row>& rows();

// Parts of it.
std::vector<Row> fragment_rows();
std::vector<Row> header_rows();
std::vector<Row> fragmented_header_rows();
std::vector<Row> tunnel_rows();
std::vector<Row> tls_rows();
std::vector<Row> quic_rows();
std::vector<Row> datagram_rows();
std::vector<Row> http_rows();
std::vector<Row> proxy_rows();
std::vector<Row> dns_rows();

}  // namespace chatgate::test
