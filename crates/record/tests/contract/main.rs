//! The contract of a record: what every store must do. Each function in the modules takes a [`support::Place`] and is
//! run on every store by the `on_each_store!` lines below; there is no second definition.
#![expect(clippy::unwrap_used, clippy::expect_used, reason = "a test may stop at the first surprise")]

mod access_moves;
mod addresses;
mod agreement;
mod applying;
mod behind;
mod blobs;
mod commits;
mod earlier;
mod following;
mod handing;
mod keeping;
mod obligations;
mod proof;
mod reads;
mod scopes;
mod servers;
mod support;
mod system;
mod tampering;
mod time_travel;
mod trail;
mod walks;

/// Runs the named contracts on every store.
macro_rules! on_each_store {
    ($($module:ident :: $contract:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $contract() {
                    crate::$module::$contract(&crate::support::Place::sqlite()).await;
                }
            )+
        }
        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
                async fn $contract() {
                    crate::$module::$contract(&crate::support::Place::postgres().await).await;
                }
            )+
        }
    };
}

on_each_store![
    keeping::what_is_kept_is_what_a_reading_of_now_would_say,
    keeping::who_is_given_what_is_kept_has_seen_whom_it_shows,
    keeping::nothing_is_kept_of_what_was_erased,
    keeping::what_is_at_hand_is_the_newest_version_at_each_sequence,
    keeping::nothing_is_at_hand_of_what_was_erased,
    commits::a_total_is_of_the_moment_of_its_reading_whatever_is_committed_meanwhile,
    commits::a_resource_lives_through_its_versions,
    commits::a_record_is_the_same_after_it_was_closed,
    commits::what_seems_new_after_a_restart_becomes_the_next_version,
    commits::a_refusal_leaves_no_trace,
    commits::a_retry_gets_the_first_receipt,
    commits::a_key_is_not_used_for_two_requests,
    commits::racing_creators_make_one,
    commits::an_assertion_looks_at_all_of_a_range,
    commits::racing_writers_lose_no_update,
    commits::at_most_counts_after_the_draft,
    commits::a_refused_member_harms_no_other,
    commits::what_is_too_long_is_refused,
    commits::a_record_that_no_epoch_follows_is_not_opened_and_not_changed,
    applying::a_history_applied_elsewhere_is_the_same,
    applying::an_erasure_that_comes_later_takes_what_came_before,
    applying::what_is_not_as_it_was_decided_is_refused,
    applying::a_receiving_record_is_not_used,
    access_moves::an_access_file_that_broke_off_goes_on_after_its_last_whole_frame,
    access_moves::what_is_no_part_of_an_access_chain_is_not_written,
    access_moves::two_hosts_can_tell_whether_one_has_the_accesses_of_the_other,
    access_moves::damage_that_no_broken_write_left_is_not_written_over,
    handing::a_record_is_handed_over_and_back,
    handing::a_record_goes_on_to_a_third_host_and_back_to_the_first,
    handing::whoever_opens_a_record_again_may_write_only_if_it_is_theirs,
    handing::a_record_whose_target_refuses_is_taken_back_and_never_opened_there,
    handing::a_cut_that_was_refused_opens_nothing_whatever_its_source_sends,
    handing::an_epoch_that_could_not_be_followed_is_refused,
    handing::whoever_would_write_waits_while_writers_are_held,
    handing::the_root_of_every_size_is_proved,
    applying::receiving_goes_on_where_it_was_broken_off,
    blobs::attachments_come_back_as_they_were_sent,
    blobs::a_large_attachment_is_kept,
    blobs::what_is_large_comes_in_parts,
    blobs::pages_of_large_texts_are_short,
    blobs::what_cannot_be_kept_is_refused,
    blobs::what_was_not_committed_is_not_kept,
    blobs::what_a_crash_left_is_swept,
    blobs::sweeping_takes_nothing_from_a_commit_under_way,
    blobs::erasure_takes_the_blobs_that_nothing_else_names,
    blobs::whatever_is_done_to_a_blob_is_named,
    reads::every_question_equals_a_filter_over_all,
    reads::pages_are_of_one_moment_while_everything_changes,
    reads::a_merge_is_found_under_the_survivor,
    reads::the_newest_of_each_code_are_found,
    following::who_follows_learns_what_was_touched,
    following::what_is_handed_on_is_noted_for_who_gets_it,
    following::the_first_of_many_spans_are_found,
    walks::a_page_costs_what_it_shows,
    walks::walked_pages_are_of_one_moment_while_everything_changes,
    walks::walked_pages_stay_within_the_scope,
    walks::a_listed_answer_goes_on_when_it_has_grown,
    scopes::every_question_stays_within_random_scopes,
    scopes::a_label_hides_from_its_commit_to_its_end,
    scopes::writes_stay_within_the_scope,
    obligations::obligations_equal_the_functions_over_everything,
    obligations::what_was_applied_is_owed_too,
    obligations::what_was_owed_is_seen_at_its_sequence,
    obligations::an_erased_text_takes_what_was_owed_for_it,
    obligations::racing_members_lose_no_recomputation,
    obligations::a_changed_obligation_function_works_everything_out_again,
    obligations::other_types_cost_nothing,
    behind::questions_stay_right_while_the_index_is_made_again,
    behind::pages_end_when_the_index_is_replaced,
    behind::what_is_kept_meanwhile_is_what_a_reading_would_say,
    behind::a_rebuild_that_was_cut_short_begins_afresh,
    behind::a_rebuild_by_hand_goes_on_beside_commits,
    time_travel::kept_types_are_read_at_any_sequence,
    time_travel::a_type_that_is_named_later_gets_its_whole_past,
    time_travel::an_old_reading_has_the_scope_of_now,
    trail::whatever_was_changed_of_a_subject_is_listed,
    trail::commits_come_in_pages_of_one_moment,
    trail::a_survivor_s_commits_have_those_of_the_merged,
    trail::who_changed_is_told_within_the_permit,
    trail::the_trail_equals_a_filter_over_all_commits,
    trail::a_record_without_a_trail_gets_its_own,
    trail::a_trail_that_was_tampered_with_is_named,
    system::the_desk_keeps_and_compares,
    system::every_showing_is_in_the_access_journal,
    system::accesses_go_on_in_the_next_segment,
    system::a_checkpoint_states_the_journal,
    proof::a_record_with_a_past_holds,
    proof::past_rows_are_there_as_long_as_they_are_kept,
    proof::verifying_finds_nothing_in_what_changes_meanwhile,
    proof::an_old_copy_is_named_against_a_checkpoint,
    proof::a_cut_tail_is_named_against_a_checkpoint,
    proof::an_erased_text_is_gone_and_said_to_be,
    proof::racing_erasures_and_updates_agree,
    proof::a_rebuilt_index_answers_the_same,
    proof::another_index_function_rebuilds_at_open,
    tampering::whatever_is_tampered_with_is_named,
    tampering::an_erased_text_that_is_put_back_is_named,
    tampering::tampering_with_the_access_journal_is_named,
    tampering::an_access_segment_that_is_gone_is_named,
    tampering::accesses_that_are_gone_from_the_end_are_named_against_checkpoints,
];
