import type { PeopleTransaction } from '../../sync/people/people-store.ts';
import type { StepSql } from '../connection/sql.ts';
import { contactStore } from './contact-store.ts';
import { groupStore } from './group-store.ts';
import { memberStore } from './member-store.ts';
import { surveyStore } from './survey-store.ts';

/** Contacts, groups and members of a page: raw SQL, since a sync of a large guild does nothing else. */
export const peopleStore = (sql: StepSql): PeopleTransaction => ({
  ...contactStore(sql),
  ...groupStore(sql),
  ...memberStore(sql),
  ...surveyStore(sql),
});
