//! How far work is, on a terminal: a bar, the rate, the time that is left.
//! Shows nothing where nobody looks: in a pipe, in a log, with `--json`.

use hosting::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A bar that appears with the first news. On anything but a terminal, and with `--json`, it stays hidden.
pub(crate) struct Bar {
    bar: ProgressBar,
}

impl Bar {
    pub(crate) fn new(is_hidden: bool) -> Bar {
        let target = if is_hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(None, target);
        let style = ProgressStyle::with_template("{msg} {wide_bar} {percent:>3} %  {eta} left");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        Bar { bar }
    }

    pub(crate) fn show(&self, step: Progress) {
        if let Some(total) = step.total {
            self.bar.set_length(total);
        }
        let seconds = self.bar.elapsed().as_secs_f64().max(0.001);
        self.bar.set_position(step.done);
        self.bar.set_message(format!("{} {} ({:.0}/s)", step.doing, step.items, step.items as f64 / seconds));
    }

    pub(crate) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
