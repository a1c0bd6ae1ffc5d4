/* SPDX-License-Identifier: Apache-2.0 */
/* Model values as message fields. Getters fill @to (freed by its _done()), and mark the message bad
 * on nonsense. */
#ifndef PLUMBLINE_PRIVSEP_PAYLOAD_H
#define PLUMBLINE_PRIVSEP_PAYLOAD_H

#include "model/check_result.h"
#include "model/decision.h"
#include "model/event.h"
#include "model/standing.h"
#include "privsep/message.h"

void m_put_file_fact(struct message *message, const struct file_fact *fact);
void m_get_file_fact(struct message *message, struct file_fact *to);
void m_put_subject(struct message *message, const struct subject *subject);
void m_get_subject(struct message *message, struct subject *to);
void m_put_event(struct message *message, const struct event *event);
void m_get_event(struct message *message, struct event *to);
/* At most DECISIONS_A_MESSAGE of them; what is got points into the message. */
#define DECISIONS_A_MESSAGE 1800
void m_put_decisions(struct message *message, const struct decision *decisions, size_t count);
const struct decision *m_get_decisions(struct message *message, size_t *ret_count);
void m_put_check_result(struct message *message, const struct check_result *result);
void m_get_check_result(struct message *message, struct check_result *to);
void m_put_standing(struct message *message, const struct standing *standing);
void m_get_standing(struct message *message, struct standing *to);

#endif
