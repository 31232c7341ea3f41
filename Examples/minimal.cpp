// Two estates in one program over UDP on this machine, in C++17: handles that free themselves, statuses that become
// exceptions, and a loop with poll().
//
//   c++ -std=c++17 minimal.cpp $(pkg-config --cflags --libs raet) -o minimal
#include <poll.h>
#include <raet.h>

#include <algorithm>
#include <cstdint>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

// Throws what a status tells, unless it is RAET_OK.
void check(raet_status status, const raet_stack *stack = nullptr) {
  if (status == RAET_OK) return;
  const std::string detail = stack == nullptr ? "" : raet_stack_error(stack);
  const std::string reason = detail.empty() ? raet_status_text(status) : detail;
  throw std::runtime_error(std::string(raet_status_name(status)) + ": " + reason);
}

// Frees what the library made at the end of a scope.
struct Free {
  void operator()(raet_config *config) const { raet_config_free(config); }
  void operator()(raet_stack *stack) const { raet_stack_free(stack); }
};
using Config = std::unique_ptr<raet_config, Free>;
using Stack = std::unique_ptr<raet_stack, Free>;

Stack open_road(const char *name, bool is_main) {
  raet_config *made_config = nullptr;
  check(raet_config_new(RAET_KIND_ROAD, &made_config));
  Config config(made_config);
  check(raet_config_set_str(config.get(), RAET_KEY_NAME, name));
  check(raet_config_set_str(config.get(), RAET_KEY_ENDPOINT, "127.0.0.1:0"));
  check(raet_config_set_u64(config.get(), RAET_KEY_MAIN, is_main ? 1 : 0));
  check(raet_config_set_u64(config.get(), RAET_KEY_ACCEPT, RAET_ACCEPT_ONCE));
  raet_stack *made_stack = nullptr;
  check(raet_stack_new(config.get(), raet_now(), &made_stack));
  Stack stack(made_stack);
  check(raet_stack_open(stack.get(), raet_now()), stack.get());
  return stack;
}

std::string endpoint(const raet_stack *stack) {
  char text[128];
  std::size_t need = 0;
  check(raet_stack_get_str(stack, RAET_KEY_ENDPOINT, text, sizeof text, &need), stack);
  return text;
}

// Milliseconds until the stack has to be serviced, as poll() takes them.
int milliseconds(const raet_stack *stack) {
  const std::uint64_t deadline = raet_stack_deadline(stack), now = raet_now();
  if (deadline <= now) return 0;
  return static_cast<int>(std::min<std::uint64_t>((deadline - now) / 1'000'000 + 1, 1'000));
}

// Services a stack and prints what happened. True when a message that it sent is delivered.
bool service(raet_stack *stack, std::string_view name) {
  check(raet_stack_service(stack, raet_now(), 0), stack);
  bool delivered = false;
  const raet_event *event = nullptr;
  while (raet_stack_next_event(stack, &event) == RAET_OK) {
    std::cout << name << "  " << raet_event_name(event->type) << ' ' << (event->name != nullptr ? event->name : "");
    if (event->body != nullptr)
      std::cout << ": " << std::string_view(reinterpret_cast<const char *>(event->body), event->body_len);
    std::cout << '\n';
    delivered = delivered || event->type == RAET_EV_DELIVERED;
  }
  return delivered;
}

void run() {
  const Stack alpha = open_road("alpha", true), beta = open_road("beta", false);
  raet_remote remote = 0;
  check(raet_remote_add(beta.get(), nullptr, endpoint(alpha.get()).c_str(), &remote), beta.get());
  check(raet_connect(beta.get(), remote, raet_now()), beta.get());
  constexpr std::string_view body = R"({"hello":"world"})";
  check(raet_send(beta.get(), remote, raet_now(), RAET_BODY_JSON, reinterpret_cast<const std::uint8_t *>(body.data()),
                  body.size(), 0, 0, nullptr), beta.get());

  const std::uint64_t limit = raet_now() + UINT64_C(30'000'000'000);
  for (bool delivered = false; !delivered;) {
    service(alpha.get(), "alpha");
    delivered = service(beta.get(), "beta ");
    if (raet_now() > limit) throw std::runtime_error("the message was not delivered in time");
    pollfd ready[] = {{raet_stack_fd(alpha.get()), POLLIN, 0}, {raet_stack_fd(beta.get()), POLLIN, 0}};
    if (!delivered) poll(ready, 2, std::min(milliseconds(alpha.get()), milliseconds(beta.get())));
  }
}

}  // namespace

int main() {
  try {
    run();
    return 0;
  } catch (const std::exception &failure) {
    std::cerr << failure.what() << '\n';
    return 1;
  }
}
