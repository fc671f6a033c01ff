/* Every handler of the route table, by noun (api/handle_*.c). Each answers its request once, at once or
 * later. */
#ifndef SLUICE_API_HANDLERS_H
#define SLUICE_API_HANDLERS_H

struct request;

/* handle_meta.c */
void handle_health(struct request *request);
void handle_ready(struct request *request);
void handle_metrics(struct request *request);
void handle_version(struct request *request);
void handle_openapi(struct request *request);
void handle_docs(struct request *request);
void handle_schema(struct request *request);
void handle_counts(struct request *request);

/* assets.c */
void handle_page(struct request *request);
void handle_asset(struct request *request);

/* handle_clusters.c */
void handle_clusters(struct request *request);
void handle_cluster(struct request *request);
void handle_gpus(struct request *request);
void handle_cluster_gpus(struct request *request);
void handle_nodes(struct request *request);
void handle_partitions(struct request *request);
void handle_cluster_check(struct request *request);
void handle_cluster_connect(struct request *request);

/* handle_projects.c */
void handle_projects(struct request *request);
void handle_project_add(struct request *request);
void handle_project(struct request *request);
void handle_project_patch(struct request *request);
void handle_project_remove(struct request *request);
void handle_project_sync(struct request *request);

/* handle_jobs.c, handle_submit.c, handle_bulk.c */
void handle_jobs(struct request *request);
void handle_job(struct request *request);
void handle_job_patch(struct request *request);
void handle_job_script(struct request *request);
void handle_job_request(struct request *request);
void handle_job_manifest(struct request *request);
void handle_submit(struct request *request);
void handle_render(struct request *request);
void handle_job_cancel(struct request *request);
void handle_job_requeue(struct request *request);
void handle_bulk_cancel(struct request *request);

/* handle_events.c */
void handle_job_events(struct request *request);
void handle_events(struct request *request); /* a list, or a stream */

/* handle_notifiers.c */
void handle_notifiers(struct request *request);
void handle_notifier_test(struct request *request);
void handle_deliveries(struct request *request);

/* handle_metrics.c */
void handle_job_metrics(struct request *request);
void handle_job_metrics_post(struct request *request);
void handle_job_metrics_export(struct request *request);

/* handle_logs.c */
void handle_log(struct request *request);
void handle_log_search(struct request *request);

#endif
