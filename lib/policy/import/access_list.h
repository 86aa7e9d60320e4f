// Access lists of ASA and IOS, and the policy's `access` that they become.
//
// Lists are read into entries when they are defined, and come to something only where they are
// used: bound to an interface they become entries of `access`, with their unwritten last `deny`;
// named by a class they say whose traffic is inspected. A list that is used nowhere is reported.
// Import only; one thread.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "policy/import/objects.h"

namespace chatgate::policy::import {

struct AccessEntryIn {
  const Command* command = nullptr;
  bool permit = false;
  std::vector<ServiceSpec> services;
  Endpoint from, to;
  std::string when;
  bool log = false;
  bool inactive = false;
  bool established = false;
  std::string trouble;  // why it cannot be converted as it stands
};

struct AccessListIn {
  std::vector<AccessEntryIn> entries;
  bool used = false;
};

class AccessLists {
 public:
  AccessLists(Context& context, Objects& objects) : context_(context), objects_(objects) {}

  // `access-list NAME …`. Commands must outlive this.
  void read(const Command& command);
  // `ip access-list {standard|extended} NAME` and its entries.
  void read(const Block& block);

  // Null where there is none of that name; marks it as used.
  AccessListIn* use(const std::string& name);

  // Adds the list to the policy's `access`, for connections that `opener` opens, and with
  // `last_deny` the deny at its end.
  void bind(const std::string& name, Opener opener, const Command& where, bool last_deny = true);
  // Adds one entry, or reports why not: then false. `list` is for its name.
  bool emit(const AccessEntryIn& entry, const std::string& list, Opener opener);
  // Reports every entry as not converted.
  void refuse(const std::string& name, std::string_view why);

  // The ends of an entry as a policy's lists of addresses; empty: any.
  Texts words(const Endpoint& end);

  // Names of time ranges that there are.
  void know_time(const std::string& name) { times_.push_back(name); }

  // Reports what is not used.
  void finish();

 private:
  void read_entry(const Command& command, std::size_t at, bool standard, const std::string& list);
  void read_standard(AccessEntryIn& entry, std::size_t at);
  void read_extended(AccessEntryIn& entry, std::size_t at);
  std::size_t read_services(AccessEntryIn& entry, std::size_t at);
  std::size_t read_end(AccessEntryIn& entry, std::size_t at, Endpoint& end);
  std::size_t read_entry_ports(AccessEntryIn& entry, std::size_t at, bool source);
  void read_options(AccessEntryIn& entry, std::size_t at);
  void emit_services(const AccessEntryIn& entry, const AccessOut& base);
  void emit_names(const AccessEntryIn& entry, const std::string& list);
  std::string why_not(const AccessEntryIn& entry) const;

  Context& context_;
  Objects& objects_;
  std::map<std::string, AccessListIn> lists_;
  Texts times_;
};

// Whether an entry matches whatever comes.
bool covers_all(const AccessEntryIn& entry);

}  // namespace chatgate::policy::import
