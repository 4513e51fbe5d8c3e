import starlight from '@astrojs/starlight';
import { defineConfig } from 'astro/config';
import starlightLinksValidator from 'starlight-links-validator';
import { groups, runbooks } from '../scripts/site/pages.ts';

export default defineConfig({
  base: process.env.SITE_BASE ?? '/',
  // Only the sitemap needs the address; a build to look at on this machine has the one of `astro preview`.
  site: process.env.SITE_URL ?? 'http://localhost:4321',
  devToolbar: { enabled: false },
  integrations: [
    starlight({
      title: 'asana-connector',
      description: 'Declare who has what in Asana, with Kubernetes objects.',
      customCss: ['./src/styles/site.css'],
      credits: false,
      // Ours is site/404.md.
      disable404Route: true,
      plugins: [starlightLinksValidator()],
      sidebar: [
        ...groups.map(({ label, collapsed = false, pages }) => ({
          label,
          collapsed,
          items: pages.map(({ slug }) => slug || 'index'),
        })),
        { label: runbooks.label, collapsed: true, items: [{ autogenerate: { directory: runbooks.slug } }] },
      ],
    }),
  ],
});
