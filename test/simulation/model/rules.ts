import type { Rule } from './rule.ts';
import { companyRules } from './rules/company.ts';
import { evidenceRules } from './rules/evidence.ts';
import { lifeRules } from './rules/life.ts';
import { permissionRules } from './rules/permission.ts';

/** The rules for every write, whether for a grant or for a task. */
export const rules: readonly Rule[] = [...permissionRules, ...evidenceRules, ...lifeRules, ...companyRules];
