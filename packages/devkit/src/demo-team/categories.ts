/** What the team works on, the most frequent first. */
export const categories = [
  {
    name: 'Workshop',
    titles: [
      'Sharpen the planes',
      'Order oak boards',
      'Sweep the machine room',
      'Change the saw blade',
      'Oil the benches',
      'Check the fire extinguishers',
    ],
  },
  {
    name: 'Customers',
    titles: [
      'Answer the questions of the week',
      'Send the offer for two shelves',
      'Call about the delivery',
      'Write the invoice',
      'Measure the kitchen',
    ],
  },
  {
    name: 'Website',
    titles: [
      'Put up the new opening hours',
      'Replace the pictures of the gallery',
      'Fix the form for orders',
      'Update the price list',
      'Check the links',
    ],
  },
  {
    name: 'Design',
    titles: ['Draw the corner bench', 'Choose the colours of spring', 'Sketch a stool', 'Lay out the catalogue'],
  },
  {
    name: 'Writing',
    titles: ['Write the newsletter', 'Describe the new table', 'Proofread the catalogue', 'Translate the care guide'],
  },
  {
    name: 'Office',
    titles: ['File the receipts', 'Renew the insurance', 'Plan the week', 'Order paper'],
  },
] as const
