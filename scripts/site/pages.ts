/** One page of the site: the source of its text in the repository, and its address. */
export interface Page {
  /** Address below the base of the site, without leading and trailing slashes; empty for the first page. */
  readonly slug: string;
  /** Path of the source file, from the root of the repository. */
  readonly source: string;
  /** Heading of the section that is the page; without it, the page is the whole file. */
  readonly section?: string;
  /** Title of the page. Default: the heading. */
  readonly label?: string;
}

/** Pages under one heading of the sidebar. */
export interface Group {
  readonly label: string;
  readonly collapsed?: boolean;
  readonly pages: readonly Page[];
}

const README = 'README.md';

function guide(name: string): Page {
  return { slug: `guides/${name}`, source: `docs/guides/${name}.md` };
}

/** The sidebar from top to bottom: every page but the runbooks, which are found in their folder. */
export const groups: readonly Group[] = [
  {
    label: 'Start',
    pages: [
      { slug: '', source: 'docs/overview.md', label: 'Overview' },
      { slug: 'install', source: README, section: 'Install' },
      { slug: 'first-connector', source: README, section: 'A first connector' },
      { slug: 'first-grant', source: README, section: 'A first grant' },
      { slug: 'kinds', source: README, section: 'Four kinds of grant' },
      {
        slug: 'migrating',
        source: 'docs/migrating-from-baton-asana.md',
        label: 'Migrating from baton-asana',
      },
      { slug: 'upgrading', source: 'docs/upgrading.md' },
      { slug: 'uninstalling', source: 'docs/uninstalling.md' },
    ],
  },
  {
    label: 'Guides',
    pages: [
      guide('onboard'),
      guide('offboard'),
      guide('temporary-access'),
      guide('seat-limit'),
      { slug: 'guides/holds', source: README, section: 'Holds', label: 'Answer a hold' },
      { slug: 'guides/reviews', source: 'docs/reviews.md' },
      guide('pull-request-plans'),
      { slug: 'guides/gitops', source: 'docs/gitops/README.md' },
      { slug: 'guides/conductorone', source: README, section: 'ConductorOne' },
      guide('two-clusters'),
      guide('disaster-recovery'),
      guide('egress-proxy'),
      guide('openshift'),
    ],
  },
  {
    label: 'Operate',
    pages: [
      { slug: 'troubleshooting', source: README, section: 'Troubleshooting' },
      { slug: 'monitoring', source: 'docs/monitoring.md', label: 'Metrics, alerts and dashboard' },
      { slug: 'security', source: README, section: 'Security' },
      { slug: 'threat-model', source: 'SECURITY.md', label: 'Security policy and threat model' },
      { slug: 'safety', source: 'docs/safety.md' },
      { slug: 'reliability', source: 'docs/reliability.md' },
      { slug: 'performance', source: 'docs/performance.md' },
      { slug: 'faq', source: 'docs/faq.md' },
    ],
  },
  {
    label: 'Reference',
    pages: [
      { slug: 'reference/fields', source: 'docs/reference/fields.md', label: 'Fields of every kind' },
      { slug: 'reference/conditions', source: 'docs/reference/conditions.md' },
      { slug: 'reference/events', source: 'docs/reference/events.md' },
      { slug: 'reference/metrics', source: 'docs/reference/metrics.md' },
      { slug: 'reference/chart', source: 'charts/asana-connector/README.md', label: 'Chart values' },
      { slug: 'reference/kubectl-asana', source: 'docs/kubectl-asana.md' },
      { slug: 'reference/plan-and-export', source: 'docs/plan-and-export.md' },
      { slug: 'reference/sandbox', source: 'docs/sandbox.md' },
    ],
  },
];

/** The folder whose pages are listed under a heading of their own. */
export const runbooks = { label: 'Runbooks', folder: 'docs/runbooks', slug: 'runbooks' } as const;

/** Shown for an address without a page. */
export const notFound: Page = { slug: '404', source: 'site/404.md' };
