//! The process, under the names that Prometheus has for every process, and the tasks in it.
//! <https://prometheus.io/docs/instrumenting/writing_clientlibs/#process-metrics>

use std::fs;

use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// Their names, and the runtime's. What the system does not tell stays out.
#[derive(Debug, Default)]
pub(super) struct Process {
    resident: Gauge,
    open_fds: Gauge,
    threads: Gauge,
    tasks: Gauge,
}

impl Process {
    pub(super) fn register(&self, registry: &mut Registry, ours: &mut Registry) {
        registry.register("process_resident_memory_bytes", "Memory in use", self.resident.clone());
        registry.register("process_open_fds", "Open file descriptors", self.open_fds.clone());
        registry.register("process_threads", "Threads", self.threads.clone());
        ours.register("tasks", "Tasks of the runtime that are alive", self.tasks.clone());
    }

    /// Reads `/proc/self`.
    pub(super) fn look(&self) {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        self.resident.set(number(&status, "VmRSS:").saturating_mul(1024));
        self.threads.set(number(&status, "Threads:"));
        let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
        self.open_fds.set(i64::try_from(open).unwrap_or(i64::MAX));
        if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            let alive = runtime.metrics().num_alive_tasks();
            self.tasks.set(i64::try_from(alive).unwrap_or(i64::MAX));
        }
    }
}

/// The number behind `key`, such as `VmRSS:     1234 kB`.
fn number(status: &str, key: &str) -> i64 {
    let value = status.lines().find_map(|line| line.strip_prefix(key));
    value.and_then(|text| text.split_whitespace().next()?.parse().ok()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn a_number_is_read_from_the_system_s_own_text() {
        let status = "Name:\tconnect-gateway\nVmRSS:\t   12345 kB\nThreads:\t7\n";
        assert_eq!((number(status, "VmRSS:"), number(status, "Threads:")), (12345, 7));
        assert_eq!(number(status, "Nothing:"), 0);
    }
}
