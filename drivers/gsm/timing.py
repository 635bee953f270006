"""Every wait of the GSM driver, in seconds, each with its reason. Tests hand in shorter ones."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Timing:
    command_s: float = 5.0
    """Settings and questions answered from the modem's own memory; the slowest firmware seen took 2 s."""
    sim_s: float = 10.0
    """Commands that read or write the SIM card, which answers at 9600 baud and is busy after power-up."""
    network_s: float = 30.0
    """Questions that go to the network (operator, USSD set-up); 27.007 names no bound, makers say up to 30 s."""
    prompt_s: float = 5.0
    """From AT+CMGS to `>`: local to the modem, but Siemens and Wavecom take 1 to 2 s while the radio is busy."""
    prompt_max_s: float = 40.0
    """The same for a modem that has proven to be slow: twice its latest, doubled after each that stayed away. Modems
    that gave it after 15 s each time were seen; beyond, a submit (`submit_s`) would not end within a minute."""
    stretch_max: float = 4.0
    """By how much waits of commands grow for a modem that answers slowly or has just missed one: to 20 s. Answers of
    1.2 s each were seen; one that needs longer than that bound cannot be looked after."""
    submit_s: float = 45.0
    """From Ctrl-Z to +CMGS. The modem's own timer for the network's RP-ACK is 35 to 45 s (24.011 §10: TR1N, TC1*)."""
    still_there_s: float = 8.0
    """Of waiting for +CMGS, before a bare AT asks whether the modem has restarted and will never answer. Past Ctrl-Z
    nothing can be called off (27.005 §3.5.1), so that a modem at work answers it afterwards; most submits take 3 s."""
    still_there_again_s: float = 4.0
    """Between such questions: one written while the modem boots is lost, and it shall be back at work within 15 s."""
    reference_s: float = 3.0
    """Between OK and +CMGS of one answer, whichever comes first: they leave the modem in one write."""
    overlap_s: float = 2.0
    """Added to three times the usual answer: how long a second +CMGS is awaited where the first may be that of a
    submission given up before."""
    stray_s: float = 1.0
    """After the answer of a submission, how long an error may be a second answer to the same: seen right behind the
    OK. An error of the next one takes the network longer; it is only held until its own answer could have come."""
    stray_hold_s: float = 1.0
    """How long such an error in place of a prompt waits for the prompt that proves it stray."""
    late_s: float = 180.0
    """How long a submission that was given up may still be answered; no firmware keeps one for longer."""
    grace_s: float = 0.5
    """For the OK after a +CPIN answer, which some Wavecom firmware never sends."""
    quiet_s: float = 0.3
    """Silence after which what an interrupted command still had to say has been said; unsolicited lines, which some
    modems emit all the time, are no part of it."""
    quiet_max_s: float = 3.0
    """The same for a slow modem: one and a half times its usual answer, and no more than this."""
    drain_s: float = 2.0
    """Longest wait for that silence: lines of an unknown kind that never stop are noise as well."""
    probe_s: float = 3.0
    """For a bare AT; a modem alive answers within milliseconds, one that is registering within 2 s. The last of the
    tries waits twice as long."""
    probe_max_s: float = 12.0
    """The same for a slow modem: three times its usual answer, and no more than this."""
    probes: int = 3
    """How often AT is asked before the modem counts as silent."""
    sim_ready_s: float = 20.0
    """From PIN to a SIM that answers: +CMS 515 and +CME 14 (busy) last until its phone book is read."""
    busy_pause_s: float = 1.0
    """Between tries while the SIM says busy."""
    busy_tries: int = 5
    """Tries of one step while the SIM says busy."""
    pulse_s: float = 10.0
    """Between one-line questions whether the settings are still there: a modem that has restarted unseen receives
    nothing until it is initialised again."""
    health_s: float = 60.0
    """Between looks at signal and registration: they move slowly, and 64 idle modems must cost next to nothing."""
    waiting_s: float = 10.0
    """Between looks while registration is lost, for modems that do not tell by themselves."""
    no_network_s: float = 180.0
    """Without a network, until the operator is chosen anew; twice that again until the radio is restarted, and so on.
    A search of all bands takes a modem two minutes by itself."""
    no_network_max_s: float = 1800.0
    """Longest pause between such helps: where there is no coverage they help nothing."""
    radio_s: float = 60.0
    """For a radio to be switched on or off, and for an operator to be chosen (27.007 names no bound; makers say up to
    60 s for +CFUN and +COPS)."""
    sweep_s: float = 600.0
    """Between listings of the SIM: a full one stops reception without a word."""
    ussd_s: float = 40.0
    """For the network's USSD answer; menus of operators take up to half a minute."""
    reset_s: float = 20.0
    """For a modem to answer AT again after AT+CFUN=1,1."""
    absent_s: float = 1.0
    """Between looks for a device that is gone: one `stat` a line and second."""
    search_s: float = 2.0
    """How long a list of the system's ports is good for all lines that look for their modem."""
    deaf_s: float = 60.0
    """How long a port that did not talk AT is passed over."""
    settle_s: float = 1.0
    """After a device appears: udev sets its permissions, and the modem's firmware starts."""
    backoff_s: float = 2.0
    """First pause after an opening or a ladder that failed; each pause equals the time already waited."""
    backoff_max_s: float = 8.0
    """Longest such pause while the line counts as recovering: a device that is back shall work within 15 s."""
    quarantine_after: int = 4
    """Ladders in a row that failed to the last rung before the line is quarantined."""
    sim_absent_s: float = 5.0
    """First pause before a SIM that was not there is looked for again; each equals the time already waited. Looking
    costs no try of its PIN."""
    hint_s: float = 3.0
    """Shortest pause that a word of the modem itself (SIM ready, restarted) may end: some repeat it every second."""
    quarantine_s: float = 120.0
    """First pause between re-admission tests."""
    quarantine_max_s: float = 1800.0
    """Longest pause between re-admission tests."""
    quota_pause_s: float = 15.0
    """First rest of a SIM whose operator refused for what looks like its quota (+CMS 21, 50); doubles each time."""
    quota_pause_max_s: float = 900.0
    """Longest such rest."""
    report_hold_s: float = 10.0
    """How long a report waits for the +CMGS of the part under way, which it may have overtaken. Modems give up
    waiting for +CNMA after some 15 s and stop routing."""
