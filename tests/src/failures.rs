//! What went wrong for others, and what rules it out here.

/// One failure of the field.
#[derive(Clone, Copy, Debug)]
pub struct Failure {
    /// Its number in the record.
    pub number: u8,
    /// What went wrong.
    pub what: &'static str,
    /// Where it was seen.
    pub seen: &'static str,
    /// The laws that rule it out.
    pub laws: &'static [u8],
    /// Tests that show it.
    pub tests: &'static [&'static str],
    /// What is left of it.
    pub left: &'static str,
}

macro_rules! failures {
    ($($number:literal $what:literal, $seen:literal, $laws:tt, [$($test:ident)*], $left:literal;)*) => {
        /// All of them.
        pub const FAILURES: &[Failure] = &[$(Failure {
            number: $number,
            what: $what,
            seen: $seen,
            laws: &$laws,
            tests: &[$(stringify!($test)),*],
            left: $left,
        }),*];
    };
}

failures! {
    1 "sessions spend one single-use refresh token at the same time",
        "claude-code 24317, 25609, 91708; codex 9634, 10332, 17340; opencode 49439; railway 991", [4],
        [report_8040_b_forty_processes_at_expiry_make_one_exchange oidc_provider_all_processes_and_threads_at_expiry_make_one_request], "";
    2 "whoever lost the race wipes the winner's new tokens",
        "claude-code 76561, 88583; goose 11021, 12016; reana-client 777", [6],
        [report_8040_d_a_losers_failure_does_not_wipe_the_winners_tokens], "";
    3 "a server error or a time-out is taken for a revocation", "goose 11995", [5],
        [an_unknown_outcome_is_served_while_it_lives_and_presented_again_after_its_quarantine_only only_an_error_that_speaks_of_these_bytes_rejects_them], "";
    4 "a rejection condemns the account and not the bytes that were sent", "claude-swap 196", [6],
        [law_6_a_late_report_about_an_old_version_changes_nothing only_an_error_that_speaks_of_these_bytes_rejects_them], "";
    5 "a lock file that was left behind blocks everybody", "claude-code 95236, 95425", [],
        [report_8040_a_killed_holder_blocks_nobody busy_names_the_process_that_holds_it_and_its_death_lets_go], "locks are the kernel's";
    6 "a crowd is more than the lock's patience", "claude-code 37678; MSAL.NET 2962; gcloud", [],
        [report_8040_sixty_four_writers_lose_nothing_and_a_reader_sees_only_whole_states oidc_provider_all_processes_and_threads_at_expiry_make_one_request], "waits are bounded, and say who holds it";
    7 "a crash, sleep or time-out between exchange and saving loses the only refresh token",
        "cline 11141; claude-code 90688; codex 26516; iron-proxy 178", [3, 5],
        [report_8040_f_a_lost_answer_is_in_doubt_then_lost_and_presented_once with_a_grace_time_a_lost_answer_costs_nothing],
        "with a server that has no grace a crash in the exchange may still cost the login; it is named, and nothing else is harmed";
    8 "files are truncated in place, torn or empty", "gemini-cli 29054; azure-cli 9427, 21848; botocore 3213; aws-cli 9632", [7, 16],
        [every_crash_and_every_fault_is_recovered_from_and_the_document_says_how_many], "";
    9 "what can't be read is taken for signed out, and overwritten", "hivemind 283; botocore 3106; opencode", [16],
        [what_does_not_parse_is_unreadable_and_left_as_it_is a_broken_file_is_never_taken_for_an_absent_one], "";
    10 "one shared document, and updates of other providers are lost", "codex 30292; claude-code 88487", [8, 11],
        [threads_and_instances_lose_no_commit_and_readers_never_go_back processes_lose_no_commit], "";
    11 "a keyring and its fallback file bring back a stale credential", "codex 14704, 25002", [],
        [a_copied_store_asks_before_it_rotates], "there is one store, and no keyring beside it";
    12 "an exchange in flight undoes a sign-out", "logto/kotlin 253", [6],
        [failure_12_a_clear_during_an_exchange_stays_cleared a_clear_does_not_wait_for_a_slow_exchange_and_stays], "";
    13 "a variable silently outranks a login, or the reverse", "claude-code 33330, 34826; hermes-agent 58546", [10],
        [failure_13_what_the_environment_holds_never_outranks_what_is_stored], "";
    14 "children inherit every key", "hermes-agent 31422, 77467; pi 7522; software-agent-sdk 4801", [10],
        [failure_14_a_command_without_a_plan_inherits_nothing report_81_no_inherited_credential_reaches_a_child], "files of the child's home are not the environment's";
    15 "the first session's environment leaks into a shared daemon", "claude-code 79427", [10],
        [report_3961_e_two_plans_in_one_process_do_not_mix report_3961_g_nothing_writes_the_process_environment], "";
    16 "the lock's scope is not the credential's", "githits 164; hermes-agent 60639", [4, 8],
        [everything_is_private_from_the_start a_symbolic_link_is_followed_and_survives_commits], "one profile is one document and one lock";
    17 "a write replaces a symbolic link; locks on network file systems", "claude-code 76561; renku 3669; filelock 526", [],
        [failure_17_a_network_file_system_is_named_with_what_does_not_work_there failure_17_a_symbolic_link_stays_and_what_it_leads_to_is_rewritten], "";
    18 "a long-lived process never sees a change made outside", "oh-my-pi 11781", [7],
        [a_reader_sees_what_another_instance_committed an_edit_by_hand_is_seen_within_a_second], "";
    19 "device flows leak, or cross; maps of locks grow", "agent-portal 615; codex-lb 1329; omi 11456", [2, 9],
        [report_3972_i_what_is_kept_of_logins_is_bounded], "";
    20 "a stampede: 81 refreshes, 540 answers of 401", "hermes-agent 101442", [4],
        [report_8040_b_forty_processes_at_expiry_make_one_exchange while_the_issuer_is_down_a_valid_token_is_served], "";
    21 "the disk is full after the exchange, and the spent token is presented again", "hermes-agent", [4, 5],
        [a_full_disk_loses_neither_the_grant_nor_a_neighbour what_has_no_room_to_be_saved_is_not_asked_for], "";
    22 "a stale writer drops a row or a rest that another wrote", "hermes-agent 6907, 19566, 70147", [11],
        [report_8040_c_a_stale_writer_drops_nothing_that_another_wrote], "";
    23 "a removed credential comes back from the environment or another tool's file", "hermes-agent 5285, 5670, 11485, 13418", [15],
        [failure_23_a_cleared_key_does_not_come_back_from_the_environment_or_a_file failure_23_a_cleared_login_does_not_come_back_even_with_new_tokens], "";
    24 "the wrong entry rests; the one that just failed is handed out", "hermes-agent 43747, 79156, 97315", [6, 12],
        [a_report_rests_the_entry_that_was_used_and_hands_out_another], "";
    25 "the only key rests for an hour, or for days", "hermes-agent 53041, 119163", [12],
        [failure_25_the_only_living_entry_rests_a_minute_unless_it_is_about_money], "";
    26 "an empty key is sent, and reported as a 401", "hermes-agent 40960", [],
        [what_cannot_be_a_secret_is_refused_with_the_reason], "";
    27 "a redacted placeholder is saved as the key", "hermes-agent 42727, 49405", [],
        [failure_27_a_redacted_placeholder_is_never_taken_for_a_key], "";
    28 "a `.env` file is cut short, or updates of it are lost", "hermes-agent 842, 77187; hermes-webui 1164", [],
        [failure_28_no_update_is_lost_and_no_reader_sees_a_cut_file report_1736_what_a_clear_that_died_owes_is_paid_by_the_next_change], "an editor that asks for no lock can still overwrite what it didn't read";
    29 "a read of one profile falls through to another", "hermes-agent 51603, 119279", [11],
        [report_3961_b_a_profile_without_a_key_gets_an_error_and_nobody_elses_key], "";
    30 "a cache whose key leaves the profile out", "hermes-webui 29d15d736", [11],
        [report_3961_a_thousands_of_concurrent_requests_never_see_another_profiles_key], "";
    31 "a file that belongs to root after `docker exec`", "hermes-agent 15718", [],
        [failure_31_files_of_another_user_are_named_with_the_way_back], "";
    32 "damage is silently reset, and copies of secrets are left behind", "hermes-agent 15393, 84264", [16],
        [what_does_not_parse_is_unreadable_and_left_as_it_is failure_32_a_crash_before_the_commit_of_the_store_leaves_no_copy_for_long], "";
    33 "two tools redeem one family of tokens", "hermes-agent 113023, 34820", [4],
        [failure_33_no_refresh_token_of_another_tool_is_ever_taken], "";
    34 "a lock that is held across the network stalls everybody", "uv 17832", [],
        [report_3972_b_nothing_is_locked_while_a_login_is_in_progress a_clear_does_not_wait_for_a_slow_exchange_and_stays], "";
    35 "read again under the lock, and then the stale variable is exchanged", "uv, `pyx.rs`", [4],
        [each_is_caught_when_somebody_is_interrupted], "";
    36 "whoever owns the exchange is cancelled with its caller", "single flights of the `OnceCell` kind", [4],
        [failure_36_a_dropped_future_does_not_cancel_the_exchange a_signal_waits_until_the_new_token_is_saved], "";
    37 "a flow is stored before its poller is started, and stays without one", "hermes-webui, `api/oauth.py`", [2, 9],
        [report_3972_d_a_flow_whose_poller_never_ran_is_taken_over], "";
}
