"""Who is called through which pointer: what tools/stack has to be told, since the machine code does not say it.

A place is "file:function: line of the source" where the call stands, a callee a name or a "file:name"; all are
patterns, and \\1 in a callee is what the place's group has matched. The first place that matches counts. Each
function whose address is taken has to be among the callees or the entries.
"""

POINTERS = (
    # the kit: a MAC driver's functions have the names that struct nic_ops has for them
    (r"driver/wrap/pcap\.c:.*(?:inner|nic->ops)->(\w+)\(", r"driver/nic/:\1"),
    (r"driver/wrap/pcap\.c:.*\bwrite\(", "port_capture_write", "write_file"),
    (r"driver/\w+\.[ch]:.*ops->(\w+)\(", r"driver/(nic|wrap)/:\1"),
    (r"driver/nic/cadence_gem\.c:.*set_tx_clock", r"zynq_\w+"),
    (r"driver/datapath\w*\.[ch]:.*nic->input\(", r"driver/ringif\.c:input\w*"),
    (r"driver/datapath\.c:.*->reclaim\(", "lwip_reclaim"),
    (r"driver/nic\.c:.*link_changed\(", r"driver/ringif\.c:link_changed"),
    (r"driver/phy\.c:.*phy->(read|write)\(", r"driver/nic/:\w*_\1"),
    (r"driver/dispatch\.c:dispatch_run", "datapath_run", r"driver/nic/:turn", r"driver/watchdog\.c:look",
     "tx_packet_available", "run_due", "run_requests", "take_input",
     r"app/sim_wire\.c:report"),
    (r"driver/timer_source\.c:", "receive_timer"),
    (r"driver/watchdog\.c:.*->moves\(", "rx_moves", "tx_moves", "timers_move", r"app/console\.c:moves"),
    (r"driver/packet_queue\.c:packet_queue_purge", r"give_back_\w+"),
    (r"driver/registry\.c:.*hooks->(\w+)\(", r"app/interfaces\.c:\1"),
    (r"driver/ringif\.c:input\w*", "ethernet_input", "fast_path_input"),
    (r"driver/fast_path\.c:datagram_input", "dhcp_recv", "dns_recv", "udp_echo"),

    # the port
    (r"port/dev/uart\.c:.*uart->ops->(\w+)\(", r"port/dev/(?!uart\.c)\w+\.c:\1"),
    (r"port/dev/uart\.c:.*received\(", r"app/console\.c:typed", "never_end"),
    (r"port/dev/\w+watchdog\.c:.*on_bite\(", r"driver/watchdog\.c:bite"),
    (r"port/log\.c:log_write", "port_console_write", r"app/console\.c:write_log"),

    (r"port/arch/cortex_a/gic\.c:gic_interrupt", r"\w+_interrupt_handler"),

    # lwIP
    (r"->output\(", "etharp_output", "netif_null_output_ip4"),
    (r"->output_ip6\(", "output_ip6", "netif_null_output_ip6"),
    (r"->linkoutput\(", "linkoutput"),
    (r"igmp_mac_filter\(", "igmp_filter"),
    (r"mld_mac_filter\(", "mld_filter"),
    (r"NETIF_STATUS_CALLBACK", "status_changed"),
    (r"NETIF_LINK_CALLBACK", r"(app|profiles/\w+)/.*:link_changed"),
    (r"custom_free_function\(", "packet_freed", "lent_packet_freed", "ipfrag_free_pbuf_custom", "ip6_frag_free_pbuf_custom", "tcp_bare_free"),
    (r"lwip_cyclic_timer", r"(etharp|dhcp_coarse|dhcp_fine|igmp|mld6|nd6|dns|ip_reass|ip6_reass|tcp)_tmr"),
    (r"sys_check_timeouts", "lwip_cyclic_timer", "tcpip_tcp_timer", "watch", "dhcp_fallback", r"app/ping\.c:tick"),
    (r"udp\.c:udp_input", "dhcp_recv", "dns_recv", "udp_echo"),
    (r"raw\.c:raw_input", r"app/ping\.c:received"),
    (r"dns\.c:dns_call_found", "name_found", "server_found"),
    (r"TCP_EVENT_ACCEPT", "accepted", "http_accept", "tcp_accept_null"),
    (r"TCP_EVENT_(RECV|CLOSED)", r"app/connections\.c:received", "http_recv", "tcp_recv_null"),
    (r"TCP_EVENT_SENT", r"app/connections\.c:sent", "http_sent"),
    (r"TCP_EVENT_POLL", "polled", "http_poll"),
    (r"TCP_EVENT_ERR", "failed", "http_err"),
    (r"TCP_EVENT_CONNECTED",),  # nobody here connects

    # the services
    (r"app/connections\.c:.*service->send\(", "send_echo", r"app/chargen\.c:send"),

    # the demo
    (r"app/console\.c:run:", r"app/\w*(commands|console|ifconfig|ioreg|ping)\.c:(help|ifconfig|list|install|uninstall|"
     r"enable|disable|power|media|stats|queues|pools|profile|fault|ioreg|arp|nd|dns|netstat|protocols|memory|"
     r"ping|log_command|uptime|stall|crash|reboot|leave)", "capture_command", r"app/watchdog_commands\.c:(show|wedge|refuse)",
     r"app/sim_commands\.c:flood", r"app/system_commands\.c:lateness"),
    (r"app/console\.c:word_behind", "fault_name", "driver_name", "medium_name"),
    (r"app/console\.c:take_input", r"app/ping\.c:cancel", "cancel_dns", "cancel_name"),
    (r"app/line_editor\.c:.*->word\(", "word_behind"),
    (r"app/line_editor\.c:", "port_console_write"),
    (r"app/nic_commands\.c:show", r"show_\w+"),
    (r"app/state_json\.c:add_part", r"app/state_json\.c:add_\w+"),
    (r"app/control_page\.c:run_request", "http_continue"),
    (r"app/control_page\.c:fs_read_async_custom", r"app/control_page\.c:write_\w+"),
)

# Where the hardware and the start-up code enter.
ENTRIES = ("main", "vectors", r"\w+_handler")

# Of a Cortex-M, the interrupts that come within the handlers of others.
FIRST = (r"timer2_interrupt_handler",)

# Functions that go on with a stack of their own.
OTHER_STACKS = (r"\w+_handler",)

# Recursions that are none: (caller, callee, how often this call comes within itself, why not more).
EXCUSED = (
    ("ipfrag_free_pbuf_custom", "pbuf_free", 1, "the datagram that a fragment is of is not one itself"),
    ("ip6_frag_free_pbuf_custom", "pbuf_free", 1, "as with IPv4"),
    (r"output_ip6|nd6_\w+", r"nd6_send_ns|ip6_output_if\w*", 1,
     "a solicitation goes to a group, which asks for no neighbour"),
    ("internet_checksum_add", "checksum_of_odd", 1, "behind its first byte the rest begins at an even address"),
    ("crash|overflow_stack", "overflow_stack", 0, "the command crash stack, which is to run over"),
)
